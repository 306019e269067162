"""Taking over a damaged spool: once and whole, whatever interrupts it, and bounded in what it leaves behind."""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

import pytest

from edge_agent.clock import Stamp
from edge_agent.delivery import spool_file, takeover
from edge_agent.errors import SpoolUnwritable
from edge_agent.taken import Taken
from telemetry.quantity import Family
from telemetry.reading import Measurement
from tests.support.spooling import STAMP, all_rows, opened, opening, rot, taken
from tests.support.takeovers import BATCHES, Killed, damaged_often, dying_call, left_damaged, see_whole


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.mark.parametrize("after", range(8))
@pytest.mark.parametrize("what", ["note_salvaged_to", "note_untold", "note_salvaged", "salvaged_to"])
def test_a_crash_anywhere_in_a_takeover_goes_on_without_doubling(
    path: Path, monkeypatch: pytest.MonkeyPatch, what: str, after: int
):
    rows = left_damaged(path)
    monkeypatch.setattr(takeover, "_PORTION", 7)
    with monkeypatch.context() as dying:
        dying.setattr(spool_file, what, dying_call(getattr(spool_file, what), after=after))
        with suppress(Killed):
            opened(path).close()
    spool = opened(path)
    see_whole(spool, rows)
    spool.close()


@pytest.mark.parametrize("refused", ["note_salvaged", "note_untold"])
def test_a_refusal_after_the_last_portion_forgets_no_loss_that_came_over(
    path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
):
    spool = opened(path)
    spool.commit([taken(1.5)], STAMP)
    spool.commit([taken(2.5, "co2")], None, {"dust": 3})
    spool.close()
    rot(path)
    spool = opening(path)
    assert spool.take_over()
    with monkeypatch.context() as refusing:
        sound = getattr(spool_file, refused)
        refusing.setattr(spool_file, refused, dying_call(sound, after=0, error=OSError(errno.ENOSPC, "full")))
        with pytest.raises(SpoolUnwritable, match="full"):
            spool.take_over()
    assert spool.held.undated == {"note_salvaged": 1, "note_untold": 0}[refused]
    spool.commit([], None, {"co2": 1})
    while spool.take_over():
        pass
    spool.commit([], STAMP)
    told = {r.sensor: r.values["count"] for r in all_rows(spool) if r.labels.get("cause") == "uncommitted"}
    assert told == {"dust": 3, "co2": 1}
    assert 2.5 in [r.values.get("pm2_5") for r in all_rows(spool)]
    spool.close()


def test_what_was_noted_of_earlier_damaged_files_is_forgotten_with_them(path: Path):
    damaged_often(path, 4)
    spool = opened(path)
    assert len(spool_file._salvaged(spool._file.db)) == 1
    spool.close()


def test_a_damaged_file_that_cannot_be_renamed_is_refused_and_not_lost(path: Path, monkeypatch: pytest.MonkeyPatch):
    """As on a file system that was just remounted read-only."""
    left_damaged(path)
    with monkeypatch.context() as refusing:
        refusing.setattr(Path, "rename", dying_call(Path.rename, after=0, error=OSError(errno.EROFS, "read-only")))
        with pytest.raises(SpoolUnwritable, match="read-only"):
            opened(path)
    spool = opened(path)
    assert spool.held.batches == BATCHES
    spool.close()


def test_a_crash_after_everything_was_taken_over_dates_nothing_twice(path: Path, monkeypatch: pytest.MonkeyPatch):
    """The damaged file keeps its name for a moment longer, or a power cut gives it back."""
    rows = left_damaged(path)
    with monkeypatch.context() as dying:
        dying.setattr(spool_file, "note_salvaged", dying_call(spool_file.note_salvaged, after=0))
        with pytest.raises(Killed):
            opened(path)
    spool = opened(path)
    assert spool.held.undated == 2
    see_whole(spool, rows)
    spool.close()


def test_two_damages_one_after_the_other_lose_nothing(path: Path):
    rows = left_damaged(path)
    opened(path).close()
    rot(path)
    spool = opened(path)
    see_whole(spool, rows)
    spool.close()


def test_a_spool_damaged_while_it_takes_over_is_taken_over_too(path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = left_damaged(path)
    monkeypatch.setattr(takeover, "_PORTION", 7)
    with monkeypatch.context() as dying:
        dying.setattr(spool_file, "note_salvaged_to", dying_call(spool_file.note_salvaged_to, after=2))
        with pytest.raises(Killed):
            opened(path)
    rot(path)
    spool = opened(path)
    spool.commit([], STAMP)
    readings = {(r.sensor, r.seq): r for r in all_rows(spool)}
    assert {(r.sensor, r.seq) for r in rows} <= set(readings)
    values = sorted(r.values["pm2_5"] for r in readings.values() if r.values.get("pm2_5", 0) > 500)
    assert values == [501.5, 502.5]
    spool.close()


def test_no_more_than_two_damaged_files_are_kept(path: Path):
    damaged_often(path, 5)
    opened(path).close()
    assert len([left for left in path.parent.glob("spool.salvaged-*") if not left.name.endswith(("-wal", "-shm"))]) == 2
    assert not list(path.parent.glob("spool.damaged-*"))


def test_what_no_gap_told_yet_is_told_after_a_takeover(path: Path):
    spool = opened(path)
    spool.commit([taken(1.5)], STAMP)
    spool.commit([], None, {"dust": 3})
    spool.close()
    rot(path)
    spool = opened(path)
    spool.commit([], STAMP)
    told = [r for r in all_rows(spool) if r.labels.get("cause") == "uncommitted"]
    assert [r.values["count"] for r in told] == [3]
    spool.close()


def test_gap_readings_of_a_damaged_spool_come_over_as_they_are(path: Path):
    spool = opened(path, quota=3_000)
    for value in range(60):
        at = STAMP.monotonic_ns + value * 10**10
        stamp = Stamp(STAMP.wall_ms + value * 10_000, at)
        spool.commit([Taken("agent", Measurement(Family.HEALTH, {"cpu": value / 2}), at)], stamp)
    rows = all_rows(spool)
    assert [r for r in rows if r.family == "gap"]
    spool.close()
    rot(path)
    spool = opened(path)
    assert all_rows(spool) == rows
    spool.close()
