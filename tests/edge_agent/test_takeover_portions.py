"""A damaged spool comes over by portions: readings are committed in between, late ones stay behind, the quota holds."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from edge_agent.delivery import carving, spool_file, takeover, undated
from edge_agent.errors import SpoolUnwritable
from tests.support.spooling import STAMP, Row, accounted, all_rows, next_seq, opened, opening, rot, rows_in, taken
from tests.support.takeovers import Killed, damaged_often, dying_call, left_damaged, see_whole


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.mark.parametrize("after", range(0, 14, 2))
@pytest.mark.parametrize("what", ["note_salvaged_to", "note_untold", "note_salvaged", "salvaged_to", "transaction"])
def test_readings_are_committed_between_portions_and_a_crash_there_loses_none_of_them(
    path: Path, monkeypatch: pytest.MonkeyPatch, what: str, after: int
):
    """What came in meanwhile has numbers of its own, whatever came over by then."""
    rows = left_damaged(path)
    monkeypatch.setattr(takeover, "_PORTION", 3)
    new: list[float] = []
    with monkeypatch.context() as dying:
        dying.setattr(spool_file, what, dying_call(getattr(spool_file, what), after=after))
        with suppress(Killed):
            _live_on(path, new)
    _live_on(path, new)
    spool = opened(path)
    spool.commit([], STAMP)
    now = all_rows(spool)
    values = [r.values.get("pm2_5") for r in now]
    assert set(map(repr, rows)) <= set(map(repr, now))
    assert sorted(v for v in values if v is not None and v > 500) == sorted([501.5, 502.5, *new])
    assert accounted(now)["dust"] == len({r.seq for r in now if r.sensor == "dust"}) == next_seq(spool, "dust")
    spool.close()


def _live_on(path: Path, new: list[float]) -> None:
    """Commit readings while a damaged spool comes over, and note those whose commit returned."""
    spool = opening(path)
    try:
        goes_on = True
        while goes_on:
            value = 1000.5 + len(new)
            spool.commit([taken(value)], STAMP)
            new.append(value)
            goes_on = spool.take_over()
    finally:
        spool._file.close()


def test_new_readings_wait_for_no_more_than_a_portion(path: Path, monkeypatch: pytest.MonkeyPatch):
    left_damaged(path)
    monkeypatch.setattr(takeover, "_PORTION", 7)
    spool = opening(path)
    assert spool.damaged == next(path.parent.glob("spool.damaged-*[0-9]"))
    held = [spool.held.batches]
    while spool.take_over():
        held.append(spool.held.batches)
    assert held == [0, 7, 14, 21, 28, 30]
    assert (spool.held.undated, spool.damaged) == (2, next(path.parent.glob("spool.salvaged-*[0-9]")))
    assert not spool.take_over()
    spool.close()


def test_what_comes_over_is_late_and_what_is_committed_meanwhile_is_fresh(path: Path, monkeypatch: pytest.MonkeyPatch):
    left_damaged(path)
    monkeypatch.setattr(takeover, "_PORTION", 7)
    spool = opening(path)
    fresh = []
    goes_on = True
    while goes_on:
        fresh.append(spool.commit([taken()], STAMP))
        goes_on = spool.take_over()
        assert spool.fresh_after(0, limit=100) == fresh
        assert spool.fresh_after(fresh[0], limit=2) == fresh[1:3]
        assert spool.newest_late > fresh[-1] or not goes_on
    assert set(spool.after(0, limit=100)) > set(fresh)
    spool.close()


def test_a_full_spool_lets_the_rest_wait_until_the_hub_has_taken_some(path: Path):
    """New readings are not given up for old ones that lie safely in another file."""
    rows = left_damaged(path)
    spool = opening(path, quota=8_000)
    seen: list[Row] = []
    while spool.take_over():
        spool.commit([], STAMP)
        assert spool.held.bytes <= 8_000
        seen += [row for number in spool.after(0, limit=2) for row in rows_in(spool, number)]
        for number in spool.after(0, limit=2):
            spool.forget(number)
    spool.commit([], STAMP)
    seen += all_rows(spool)
    assert [row for row in seen if row.values.get("pm2_5") not in (501.5, 502.5)] == rows
    spool.close()


def test_what_waits_undated_in_both_keeps_to_the_quota(path: Path):
    spool = opened(path, quota=4_000)
    spool.commit([taken(value + 0.5) for value in range(20)], None)
    spool.close()
    rot(path)
    spool = opening(path, quota=4_000)
    spool.commit([taken(value + 0.5, "co2") for value in range(15)], None)
    while spool.take_over():
        pass
    assert spool.held.undated == 4_000 // undated.BYTES_PER_READING
    spool.commit([], STAMP)
    rows = all_rows(spool)
    assert [r.values["pm2_5"] for r in rows if r.sensor == "co2" and r.family == "air"] == [n + 0.5 for n in range(15)]
    assert accounted(rows) == {"dust": 20 + 1, "co2": 15}, "one more is the gap's own number"
    spool.close()


def test_a_damaged_file_that_could_not_be_read_on_for_a_moment_is_read_on_from_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    rows = left_damaged(path)
    monkeypatch.setattr(takeover, "_PORTION", 7)
    spool = opening(path)
    spool.take_over()
    with monkeypatch.context() as failing:
        failing.setattr(carving, "read", dying_call(carving.read, after=3, error=OSError(errno.EIO, "bad block")))
        with pytest.raises(SpoolUnwritable, match="bad block"):
            spool.take_over()
    while spool.take_over():
        pass
    see_whole(spool, rows)
    spool.close()


def test_a_portion_comes_over_into_an_empty_spool_however_small_its_quota(path: Path):
    left_damaged(path)
    spool = opening(path, quota=600)
    spool.take_over()
    assert spool.held.batches == 1
    spool.take_over()
    assert spool.held.batches == 1
    spool.close()


def test_a_boot_is_dated_from_the_start_as_the_damaged_spool_knew_it(path: Path):
    """Readings are dated as true while the batches come over, though nobody vouches for the clock any more."""
    damaged_often(path, 1)
    spool = opening(path)
    assert spool.is_boot_dated
    spool.close()


def test_a_disk_that_refuses_in_the_middle_is_gone_on_from(path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = left_damaged(path)
    monkeypatch.setattr(takeover, "_PORTION", 7)
    opening, limit = spool_file.open_database, [30]

    def small(at: Path) -> sqlite3.Connection:
        db = opening(at)
        db.execute(f"PRAGMA max_page_count={limit[0]}")
        return db

    monkeypatch.setattr(spool_file, "open_database", small)
    for _ in range(3):
        with pytest.raises(SpoolUnwritable, match="refuses"):
            opened(path)
    limit[0] = 10**6
    spool = opened(path)
    see_whole(spool, rows)
    spool.close()
