"""The simulation catches production code that was broken on purpose: each variant, on a seed known to show it."""

from __future__ import annotations

import pytest

from tests.simulated.report import catch
from tests.simulated.variants import VARIANTS, Variant

_KNOWN = {
    "forget on PUBACK": 0,
    "ack before write": 0,
    "nothing is ever sent again": 0,
    "gap of refused lines not told": 1,
    "endless retry on 400": 1,
    "a bad line kills its batch": 1,
    "every batch is taken once": 1,
    "dead letters not kept": 1,
    "cursor ahead of what is delivered": 2,
    "wall-clock deadlines in the window": 2,
    "no answer counts as yes": 2,
    "refused commit counts as done": 3,
    "gap of dropped batches not told": 18,
    "numbers begin anew after a damage": 2,
    "a refused portion is passed over": 37,
    "refusals of another batch": 21,
    "undated readings stay in a damaged spool": 30,
    "unbounded arrivals": 4,
    "numbers begin anew after a restart": 5,
    "unbounded memory": 9,
    "lost from memory in silence": 9,
    "drop on 401 and 404": 10,
    "ack of another epoch accepted": 12,
    "held acks said though the store restarted": 44,
    "ack that does not account accepted": 24,
    "undated readings dated twice": 0,
    "pending lost at the stop": 460,
}
"""A seed that shows each variant; where a change of the worlds made it harmless, some others are tried."""

_OTHERS = 25


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_a_broken_variant_is_caught(variant: Variant):
    caught = catch(variant, [_KNOWN.get(variant.name, 0), *range(_OTHERS)])
    assert caught.played is not None, f"{variant.name} slipped through"


def test_every_variant_is_wrong_in_its_own_way():
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS) >= 16
