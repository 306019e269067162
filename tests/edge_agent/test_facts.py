"""What a row says beside its document survives being kept, and damage to it is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.delivery.facts import Facts, Held
from edge_agent.delivery.gaps import Cause, Gap

_TOLD = Gap("dust", Cause.REFUSED, 3, 8, 4)
_FACTS = Facts(
    number=43,
    next_seq={"dust": 12, "co2": 1, "rare": 4},
    took={"dust": 2, "co2": 1},
    own=(Gap("dust", Cause.DAMAGED, 10, 11, 2), Gap("co2", Cause.DAMAGED, 0, 0, 1)),
    told=(_TOLD,),
    gone=((1, 40), (42, 42)),
    held=Held(3, 72, 3_000),
    dated=17,
    told_times=2,
)


def test_facts_are_read_as_they_were_written():
    assert Facts.decode(_FACTS.encode()) == _FACTS


def test_numbers_of_lines_that_were_kept_are_read_as_they_were_written():
    kept = Facts(5, {"dust": 90}, {}, (Gap("dust", Cause.DAMAGED, 3, 40, 5),))
    assert Facts.decode(kept.encode()) == kept


def test_a_lost_batch_leaves_its_own_numbers_and_the_gaps_that_it_told():
    assert _FACTS.lost(Cause.DROPPED) == [
        Gap("dust", Cause.DROPPED, 10, 11, 2),
        Gap("co2", Cause.DROPPED, 0, 0, 1),
        _TOLD,
    ]


def test_the_numbers_before_a_row_are_known():
    assert [_FACTS.before(sensor) for sensor in ("dust", "co2", "rare", "new")] == [10, 0, 4, 0]


@given(st.integers(0, len(_FACTS.encode()) - 1), st.integers(1, 255))
def test_a_damaged_byte_is_noticed(at: int, flipped: int):
    kept = bytearray(_FACTS.encode())
    kept[at] ^= flipped
    assert Facts.decode(bytes(kept)) in (None, _FACTS)


@pytest.mark.parametrize("kept", [b"", b"\xff\xfe", b"[]", _FACTS.encode()[:-1]])
def test_what_is_no_facts_is_none(kept: bytes):
    assert Facts.decode(kept) is None


def test_the_facts_of_a_reference_second_take_little_room():
    sensors = [f"{kind}-{number}" for kind in ("dust", "co2", "gps", "noise") for number in range(6)]
    following = {sensor: 1_000_003 + 7 * number for number, sensor in enumerate(sensors)}
    own = tuple(Gap(sensor, Cause.DAMAGED, seq - 1, seq - 1, 1) for sensor, seq in following.items())
    said = Facts(80_003, following, dict.fromkeys(sensors, 1), own, (), ((1, 80_000),), Held(3, 72, 3_000))
    assert len(said.encode()) < 300
