"""Taking over a damaged spool: once and whole, whatever interrupts it, and bounded in what it leaves behind."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from edge_agent.clock import Stamp
from edge_agent.delivery import carving, pages, spool_file, takeover, undated
from edge_agent.delivery.batch_table import PAGE
from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolUnwritable
from edge_agent.taken import Taken
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement
from tests.support.spooling import (
    BOOT,
    STAMP,
    Row,
    accounted,
    all_rows,
    killed,
    next_seq,
    opened,
    opening,
    rot,
    rows_in,
    taken,
)

_BATCHES = 30


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def _filled(path: Path) -> list[Row]:
    """Leave a spool of many batches and two undated readings, whose epoch is damaged; return its rows."""
    spool = opened(path)
    for value in range(_BATCHES):
        spool.commit([taken(value + 0.5), taken(value / 7, "co2")], STAMP)
    rows = all_rows(spool)
    spool.commit([taken(501.5), taken(502.5)], None)
    spool.close()
    rot(path)
    return rows


def _damaged(path: Path, times: int) -> None:
    """Leave a spool that was taken over from a damaged one, with one batch more each time, and is damaged now."""
    for value in range(times):
        spool = opened(path)
        spool.commit([taken(value + 0.5)], STAMP)
        spool.close()
        rot(path)


def _see_whole(spool: Spool, rows: list[Row]) -> None:
    """See that everything came over once, and that what waited is dated once."""
    spool.commit([], STAMP)
    now = all_rows(spool)
    dated = [r for r in now if r.values.get("pm2_5") in (501.5, 502.5)]
    assert [r.values["pm2_5"] for r in dated] == [501.5, 502.5]
    assert [r for r in now if r not in dated] == rows
    assert accounted(now)["dust"] == spool._shelf.books.next_seq["dust"] == _BATCHES + 2


class _Killed(BaseException):
    """The process ends here."""


def _dying(call: Callable[..., object], *, after: int, error: BaseException | None = None) -> Callable[..., object]:
    """Return a call that works so many times and then ends the process, or fails, before it does anything."""
    left = [after]

    def dies(*args: object, **kwargs: object) -> object:
        if not left[0]:
            raise error or _Killed
        left[0] -= 1
        return call(*args, **kwargs)

    return dies


@pytest.mark.parametrize("after", range(8))
@pytest.mark.parametrize("what", ["note_salvaged_to", "note_untold", "note_salvaged", "salvaged_to"])
def test_a_crash_anywhere_in_a_takeover_goes_on_without_doubling(
    path: Path, monkeypatch: pytest.MonkeyPatch, what: str, after: int
):
    rows = _filled(path)
    monkeypatch.setattr(takeover, "_PORTION", 7)
    with monkeypatch.context() as dying:
        dying.setattr(spool_file, what, _dying(getattr(spool_file, what), after=after))
        with suppress(_Killed):
            opened(path).close()
    spool = opened(path)
    _see_whole(spool, rows)
    spool.close()


@pytest.mark.parametrize("after", range(0, 14, 2))
@pytest.mark.parametrize("what", ["note_salvaged_to", "note_untold", "note_salvaged", "salvaged_to", "transaction"])
def test_readings_are_committed_between_portions_and_a_crash_there_loses_none_of_them(
    path: Path, monkeypatch: pytest.MonkeyPatch, what: str, after: int
):
    """What came in meanwhile has numbers of its own, whatever came over by then."""
    rows = _filled(path)
    monkeypatch.setattr(takeover, "_PORTION", 3)
    new: list[float] = []
    with monkeypatch.context() as dying:
        dying.setattr(spool_file, what, _dying(getattr(spool_file, what), after=after))
        with suppress(_Killed):
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
    _filled(path)
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
    _filled(path)
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
    rows = _filled(path)
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
        refusing.setattr(spool_file, refused, _dying(sound, after=0, error=OSError(errno.ENOSPC, "full")))
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
    rows = _filled(path)
    monkeypatch.setattr(takeover, "_PORTION", 7)
    spool = opening(path)
    spool.take_over()
    with monkeypatch.context() as failing:
        failing.setattr(carving, "read", _dying(carving.read, after=3, error=OSError(errno.EIO, "bad block")))
        with pytest.raises(SpoolUnwritable, match="bad block"):
            spool.take_over()
    while spool.take_over():
        pass
    _see_whole(spool, rows)
    spool.close()


def test_a_portion_comes_over_into_an_empty_spool_however_small_its_quota(path: Path):
    _filled(path)
    spool = opening(path, quota=600)
    spool.take_over()
    assert spool.held.batches == 1
    spool.take_over()
    assert spool.held.batches == 1
    spool.close()


def test_what_was_noted_of_earlier_damaged_files_is_forgotten_with_them(path: Path):
    _damaged(path, 4)
    spool = opened(path)
    assert len(spool_file._salvaged(spool._file.db)) == 1
    spool.close()


def test_a_boot_is_dated_from_the_start_as_the_damaged_spool_knew_it(path: Path):
    """Readings are dated as true while the batches come over, though nobody vouches for the clock any more."""
    _damaged(path, 1)
    spool = opening(path)
    assert spool.is_boot_dated
    spool.close()


def test_a_damaged_file_that_cannot_be_renamed_is_refused_and_not_lost(path: Path, monkeypatch: pytest.MonkeyPatch):
    """As on a file system that was just remounted read-only."""
    _filled(path)
    with monkeypatch.context() as refusing:
        refusing.setattr(Path, "rename", _dying(Path.rename, after=0, error=OSError(errno.EROFS, "read-only")))
        with pytest.raises(SpoolUnwritable, match="read-only"):
            opened(path)
    spool = opened(path)
    assert spool.held.batches == _BATCHES
    spool.close()


def test_a_crash_after_everything_was_taken_over_dates_nothing_twice(path: Path, monkeypatch: pytest.MonkeyPatch):
    """The damaged file keeps its name for a moment longer, or a power cut gives it back."""
    rows = _filled(path)
    with monkeypatch.context() as dying:
        dying.setattr(spool_file, "note_salvaged", _dying(spool_file.note_salvaged, after=0))
        with pytest.raises(_Killed):
            opened(path)
    spool = opened(path)
    assert spool.held.undated == 2
    _see_whole(spool, rows)
    spool.close()


def test_a_disk_that_refuses_in_the_middle_is_gone_on_from(path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = _filled(path)
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
    _see_whole(spool, rows)
    spool.close()


def test_two_damages_one_after_the_other_lose_nothing(path: Path):
    rows = _filled(path)
    opened(path).close()
    rot(path)
    spool = opened(path)
    _see_whole(spool, rows)
    spool.close()


def test_a_spool_damaged_while_it_takes_over_is_taken_over_too(path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = _filled(path)
    monkeypatch.setattr(takeover, "_PORTION", 7)
    with monkeypatch.context() as dying:
        dying.setattr(spool_file, "note_salvaged_to", _dying(spool_file.note_salvaged_to, after=2))
        with pytest.raises(_Killed):
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
    _damaged(path, 5)
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


def test_an_undated_reading_that_rotted_ends_no_takeover(path: Path):
    """A column that turned into nothing at all cannot be inserted."""
    rows = _filled(path)
    _without_rule(path, "undated", "crc INTEGER NOT NULL", "UPDATE undated SET crc = NULL WHERE id = 1")
    spool = opened(path)
    spool.commit([], STAMP)
    assert [r for r in all_rows(spool) if r.values.get("pm2_5", 0) < 500] == rows
    assert 502.5 in [r.values.get("pm2_5") for r in all_rows(spool)]
    spool.close()


def _without_rule(path: Path, table: str, rule: str, change: str) -> None:
    """Change a row as damage does, past what its table demands."""
    lax = rule.replace(" NOT NULL", "")
    for sql, into in ((rule, lax), (lax, rule)):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("PRAGMA writable_schema = 1")
            edit = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = ?"
            db.execute(edit, (sql, into, table))
        if into == lax:
            with closing(sqlite3.connect(path)) as db, db:
                db.execute(change)


@pytest.mark.parametrize("bit", [16, 40, 45])
def test_a_rotten_date_of_a_boot_dates_nothing_falsely(path: Path, bit: int):
    """By what is remembered of an earlier boot its readings are dated as if true."""
    spool = opened(path)
    spool.commit([], STAMP)
    with spool_file.transaction(spool._file.db):
        undated.keep(spool._file.db, BOOT, [taken(2.5)])
    spool.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE boot SET wall_ms = ?", (STAMP.wall_ms ^ 1 << bit,))
    now = Stamp(STAMP.wall_ms + 10**6, 10**9)
    spool = opened(path, boot="another")
    spool.commit([], now)
    (r,) = all_rows(spool)
    assert r.milliseconds == STAMP.wall_ms or r.quality & Quality.TIME_ESTIMATED
    spool.close()


@pytest.mark.parametrize("bit", [46, 61])
def test_a_rotten_undated_reading_moves_no_other(path: Path, bit: int):
    """The last of a boot that was never dated says where the others lie."""
    spool = opened(path)
    times = [3 * 10**14, 3 * 10**14 + 10**9, 3 * 10**14 + 2 * 10**9]
    spool.commit([taken(value, at=at) for value, at in zip((1.5, 2.5, 3.5), times, strict=True)], None)
    spool.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE undated SET at = at | ? WHERE id = 2", (1 << bit,))
    spool = opened(path, boot="another")
    now = Stamp(STAMP.wall_ms, 10**9)
    spool.commit([], now)
    said = {r.values["pm2_5"]: r.milliseconds for r in all_rows(spool)}
    assert said == {1.5: now.milliseconds(0) - 2_000, 3.5: now.milliseconds(0)}
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


def _killed_with_a_damaged_log(path: Path) -> Path:
    """Leave a spool whose log has a flipped byte in its first page."""
    left = killed(path, path.with_name("left"))
    _flip_in_log(left, frame=0)
    return left


def _flip_in_log(spool: Path, *, frame: int) -> None:
    wal = spool.with_name(spool.name + "-wal")
    log = bytearray(wal.read_bytes())
    log[pages.log(spool, PAGE)[frame].begin + 100] ^= 0xFF
    wal.write_bytes(log)


def test_a_power_cut_that_tears_the_first_write_of_a_takeover_tells_nothing_as_lost(path: Path):
    rows = _filled(path)
    begun = opening(path)
    left = path.parent / "left"
    shutil.copytree(path.parent, left, ignore=shutil.ignore_patterns("left", "*-shm", "*.lock"))
    begun.close()
    _flip_in_log(left / "spool", frame=-1)
    spool = opened(left / "spool")
    _see_whole(spool, rows)
    assert not [row for row in all_rows(spool) if row.family == "gap"]
    spool.close()


def test_a_takeover_keeps_the_damaged_log(path: Path):
    """What SQLite does not believe of it, it deletes when it closes the file."""
    spool = opened(path)
    for value in range(5):
        spool.commit([taken(value + 0.5)], STAMP)
    left = _killed_with_a_damaged_log(path)
    log = left.with_name("left-wal").read_bytes()
    spool.close()
    spool = opened(left)
    assert spool.damaged is not None
    assert spool.damaged.with_name(spool.damaged.name + "-wal").read_bytes() == log
    spool.close()


def test_a_crash_between_looking_at_what_waits_and_taking_it_over_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What was found only in the damaged log must be there still when it is looked at again."""
    spool = opened(path)
    spool.commit([taken(501.5)], None)
    spool._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for value in range(10):
        spool.commit([taken(value + 0.5, "co2")], None)
    left = _killed_with_a_damaged_log(path)
    spool.close()
    with monkeypatch.context() as dying:
        dying.setattr(undated, "restore", _dying(undated.restore, after=0))
        with suppress(_Killed):
            opened(left)
    spool = opened(left)
    spool.commit([], STAMP)
    assert 501.5 in [r.values.get("pm2_5") for r in all_rows(spool)]
    spool.close()
