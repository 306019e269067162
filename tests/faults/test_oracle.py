"""The oracle sees what it is there to see: each kind of harm, done to a sound outcome, is counted and violates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.found import Found, Gap, Row
from tests.faults.oracle import judge
from tests.faults.result import Counts, Result
from tests.faults.station import Emitted, Ledger, frame, number_of

_START = 1_764_000_000 * 10**9
_READINGS = 240


def _ledger() -> Ledger:
    said = [Emitted("dust", n, n / 24, _START + n * 10**9 // 24, listened=True) for n in range(_READINGS)]
    return Ledger(said, [])


def _found() -> Found:
    rows = [Row("dust", n, _START + n * 10**9 // 24, 0) for n in range(_READINGS)]
    return Found(stored=rows, seqs={"dust": set(range(_READINGS))})


def _judged(ledger: Ledger, found: Found) -> Result:
    result = Result()
    judge(result, ledger, found)
    return result


def _lose_row(_: Ledger, found: Found) -> None:
    del found.stored[100]
    found.seqs["dust"].discard(100)


def _lose_row_and_use_its_number_again(_: Ledger, found: Found) -> None:
    del found.stored[100]


def _lose_number(_: Ledger, found: Found) -> None:
    found.seqs["dust"].discard(100)


def _double_row(_: Ledger, found: Found) -> None:
    found.stored.append(replace(found.stored[100], time=found.stored[100].time + 10**8))


def _invent_row(_: Ledger, found: Found) -> None:
    found.stored.append(replace(found.stored[100], number=9_999_999))


def _move_row(_: Ledger, found: Found) -> None:
    found.stored[100] = replace(found.stored[100], time=found.stored[100].time + 60 * 10**9)


def _tell_too_much(_: Ledger, found: Found) -> None:
    found.gaps.append(Gap("dust", "dropped", 3, 4, 2))


def _lose_two_seconds_by_a_death(ledger: Ledger, found: Found) -> None:
    ledger.deaths.append((_READINGS - 1) / 24)
    del found.stored[_READINGS - 48 :]
    found.seqs["dust"] = set(range(_READINGS - 48))


HARM: dict[Callable[[Ledger, Found], None], str] = {
    _lose_row: "I1",
    _lose_row_and_use_its_number_again: "I1",
    _lose_number: "I1",
    _double_row: "I4",
    _invent_row: "I3",
    _move_row: "I3",
    _tell_too_much: "I5",
    _lose_two_seconds_by_a_death: "I1",
}


def test_a_sound_outcome_holds() -> None:
    result = _judged(_ledger(), _found())
    assert result.violations == []
    assert result.counts == Counts(emitted=_READINGS, stored=_READINGS)


@pytest.mark.parametrize("harm", HARM, ids=lambda harm: harm.__name__.strip("_"))
def test_harm_is_seen(harm: Callable[[Ledger, Found], None]) -> None:
    ledger, found = _ledger(), _found()
    harm(ledger, found)
    assert [violation for violation in _judged(ledger, found).violations if violation.startswith(HARM[harm])]


def test_what_a_death_may_cost_is_no_violation() -> None:
    ledger, found = _ledger(), _found()
    ledger.deaths.append((_READINGS - 1) / 24)
    del found.stored[_READINGS - 20 :]
    found.seqs["dust"] = set(range(_READINGS - 20))
    result = _judged(ledger, found)
    assert result.violations == []
    assert result.counts.before_commit == 20


def test_a_told_gap_is_no_violation_and_counted_as_dropped() -> None:
    ledger, found = _ledger(), _found()
    del found.stored[:10]
    found.seqs["dust"] -= set(range(10))
    found.gaps.append(Gap("dust", "dropped", 0, 9, 10))
    result = _judged(ledger, found)
    assert result.violations == []
    assert result.counts.dropped == 10


@pytest.mark.parametrize("number", [0, 8_999, 9_000, 123_456])
def test_a_frame_names_its_number(number: int) -> None:
    said = frame(number)
    pm2_5, pm10 = (int.from_bytes(said[at : at + 2], "little") / 10 for at in (2, 4))
    assert number_of(pm2_5, pm10) == number
