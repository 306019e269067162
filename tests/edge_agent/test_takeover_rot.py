"""What lies beside the batches of a damaged spool: undated readings, dates of boots, and the log."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from edge_agent.clock import Stamp
from edge_agent.delivery import spool_file, undated
from telemetry.quality import Quality
from tests.support.spooling import BOOT, STAMP, all_rows, killed, opened, opening, taken
from tests.support.takeovers import Killed, dying_call, flip_in_log, left_damaged, see_whole


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_an_undated_reading_that_rotted_ends_no_takeover(path: Path):
    """A column that turned into nothing at all cannot be inserted."""
    rows = left_damaged(path)
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


def _killed_with_a_damaged_log(path: Path) -> Path:
    """Leave a spool whose log has a flipped byte in its first page."""
    left = killed(path, path.with_name("left"))
    flip_in_log(left, frame=0)
    return left


def test_a_power_cut_that_tears_the_first_write_of_a_takeover_tells_nothing_as_lost(path: Path):
    rows = left_damaged(path)
    begun = opening(path)
    left = path.parent / "left"
    shutil.copytree(path.parent, left, ignore=shutil.ignore_patterns("left", "*-shm", "*.lock"))
    begun.close()
    flip_in_log(left / "spool", frame=-1)
    spool = opened(left / "spool")
    see_whole(spool, rows)
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
        dying.setattr(undated, "restore", dying_call(undated.restore, after=0))
        with suppress(Killed):
            opened(left)
    spool = opened(left)
    spool.commit([], STAMP)
    assert 501.5 in [r.values.get("pm2_5") for r in all_rows(spool)]
    spool.close()
