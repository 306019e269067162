"""The registry knows what is listed, learns only where it is open, and stays bounded."""

from __future__ import annotations

import pytest

from hub import registry as registries
from hub.config import Registered
from hub.registry import Registry
from telemetry.reading import Place
from tests.hub.kit import PLACE

LISTED = Registered(site=PLACE.site, agent=PLACE.agent, sensors=["dust"])


def test_a_closed_registry_knows_what_is_listed_and_counts_the_rest() -> None:
    registry = Registry([LISTED], is_open=False)
    assert registry.knows(PLACE)
    for stranger in (Place("simpang-empat", "se-2"), Place("kota-lain", "se-1")):
        assert not registry.knows(stranger)
    assert registry.refused == {"agent": 2}
    assert registry.places() == [PLACE]


def test_listed_sensors_are_the_only_ones_also_in_an_open_registry() -> None:
    for is_open in (True, False):
        registry = Registry([LISTED], is_open=is_open)
        assert registry.strangers(PLACE, ["dust", "palsu", "lain"]) == {"palsu", "lain"}
        assert registry.strangers(PLACE, ["palsu"]) == {"palsu"}
        assert registry.refused == {"sensor": 3}


def test_an_agent_without_sensors_in_its_list_may_name_new_ones() -> None:
    registry = Registry([Registered(site=PLACE.site, agent=PLACE.agent)], is_open=False)
    assert registry.strangers(PLACE, ["dust"]) == frozenset()
    assert registry.strangers(PLACE, ["dust", "cam"]) == frozenset()
    assert registry.refused == {"sensor": 0}


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_sensors_of_one_agent_are_bounded_however_they_come(at_once: int) -> None:
    registry = Registry([], is_open=True)
    assert registry.knows(PLACE)
    names = [f"s-{number:04}" for number in range(1000)]
    refused: set[str] = set()
    for first in range(0, 1000, at_once):
        refused |= registry.strangers(PLACE, names[first : first + at_once])
    assert refused == set(names[100:])
    assert registry.strangers(PLACE, names[:100]) == frozenset()


def test_agents_of_an_open_registry_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "_MOST_AGENTS", 50)
    registry = Registry([LISTED], is_open=True)
    known = [registry.knows(Place("kota", f"a-{number}")) for number in range(100)]
    assert known == [True] * 49 + [False] * 51
    assert registry.knows(PLACE)
    assert len(registry.places()) == 50


def test_one_agents_sensors_are_not_anothers() -> None:
    other = Registered(site="sekolah-2", agent="sd-2", sensors=["noise"])
    registry = Registry([LISTED, other], is_open=False)
    assert registry.strangers(Place("sekolah-2", "sd-2"), ["dust"]) == {"dust"}
