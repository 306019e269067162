"""Every hole is known, also one that opened before its readings had a number or after their batch was acknowledged."""

from __future__ import annotations

from pathlib import Path

from edge_agent.clock import Stamp
from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.undated import BYTES_PER_READING
from tests.support.spooling import STAMP, all_rows, opened, rows_in, taken

_MISSING = Gap("dust", Cause.REFUSED, 0, 1, 2)


def test_what_is_missing_of_a_batch_is_told_by_the_commit_that_deletes_it(tmp_path: Path):
    spool = opened(tmp_path / "s.db")
    spool.commit([taken(), taken()], STAMP)
    spool.forget(1, [_MISSING])
    number = spool.commit([], STAMP)
    assert number == 2
    (gap,) = rows_in(spool, 2)
    assert (gap.labels["cause"], gap.values["first"], gap.values["last"], gap.seq) == ("refused", 0, 1, 2)
    assert spool.after(0, limit=9) == [2]
    spool.close()


def test_a_batch_whose_hole_is_not_told_yet_survives_a_stop(tmp_path: Path):
    spool = opened(tmp_path / "s.db")
    spool.commit([taken(), taken()], STAMP)
    spool.forget(1, [_MISSING])
    spool.close()
    spool = opened(tmp_path / "s.db")
    assert spool.after(0, limit=9) == [1]
    spool.close()


def test_a_commit_without_a_date_deletes_no_batch_whose_hole_is_not_told(tmp_path: Path):
    spool = opened(tmp_path / "s.db")
    spool.commit([taken(), taken()], STAMP)
    spool.forget(1, [_MISSING])
    spool.commit([taken()], None)
    spool.close()
    spool = opened(tmp_path / "s.db")
    assert spool.after(0, limit=9) == [1]
    spool.close()


def test_readings_lost_before_they_had_a_number_are_given_one_and_told(tmp_path: Path):
    spool = opened(tmp_path / "s.db")
    spool.commit([taken()], STAMP)
    spool.commit([taken()], STAMP, {"dust": 3, "co2": 1})
    rows = {(r.family, r.sensor): r for r in rows_in(spool, 2)}
    dust, co2 = rows["gap", "dust"], rows["gap", "co2"]
    assert (dust.labels["cause"], dust.values["first"], dust.values["last"]) == ("uncommitted", 1, 3)
    assert (co2.values["first"], co2.values["last"], co2.values["count"]) == (0, 0, 1)
    told = {r.seq for r in all_rows(spool) if r.sensor == "dust"} | {1, 2, 3}
    assert told == set(range(6))
    assert spool.commit([], STAMP) is None, "it is told once"
    spool.close()


def test_what_waits_for_a_date_is_bounded_by_the_quota_and_the_rest_is_told(tmp_path: Path):
    room = 50
    spool = opened(tmp_path / "s.db", quota=room * BYTES_PER_READING)
    for _ in range(12):
        spool.commit([taken() for _ in range(10)], None)
    assert spool.held.undated == room
    spool.commit([], STAMP)
    (gap,) = [r for r in all_rows(spool) if r.family == "gap"]
    assert (gap.labels["cause"], gap.values["count"]) == ("uncommitted", 120 - room)
    spool.close()


_HOUR = 3_600 * 10**9


def _later(nanoseconds: int) -> Stamp:
    return Stamp(STAMP.wall_ms + nanoseconds // 10**6, STAMP.monotonic_ns + nanoseconds)


def test_a_gap_that_the_hub_would_not_hear_is_told_again_after_an_hour_and_not_before(tmp_path: Path):
    refused = Gap("dust", Cause.DROPPED, 0, 4, 5)
    spool = opened(tmp_path / "s.db")
    spool.commit([taken()], STAMP)
    spool.forget(1, [_MISSING], [refused])
    told = [spool.commit([], STAMP), spool.commit([], _later(_HOUR // 2)), spool.commit([], _later(_HOUR + 1))]
    assert [number is not None for number in told] == [True, False, True]
    (again,) = rows_in(spool, 3)
    assert (again.labels["cause"], again.values["first"], again.values["last"]) == ("dropped", 0, 4)
    spool.close()


def test_a_gap_that_the_hub_would_not_hear_is_told_again_after_a_restart(tmp_path: Path):
    refused = Gap("dust", Cause.DROPPED, 0, 4, 5)
    spool = opened(tmp_path / "s.db")
    spool.commit([taken()], STAMP)
    spool.forget(1, [_MISSING], [refused])
    spool.commit([], STAMP)
    spool.close()
    spool = opened(tmp_path / "s.db")
    number = spool.commit([], STAMP)
    assert number is not None
    assert [r.labels["cause"] for r in rows_in(spool, number)] == ["dropped"]
    spool.close()
