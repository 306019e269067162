"""Readings that were taken before the wall clock could be trusted wait here, and are stamped once."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from edge_agent.clock import Stamp
from edge_agent.taken import Dated, Taken, from_json, to_json
from telemetry.errors import BadReading
from telemetry.quality import Quality

SCHEMA = """
CREATE TABLE IF NOT EXISTS undated (
    id INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL, at INTEGER NOT NULL, sensor TEXT NOT NULL,
    measurement TEXT NOT NULL, crc INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS boot (
    id INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, wall_ms INTEGER NOT NULL, monotonic_ns INTEGER NOT NULL,
    crc INTEGER NOT NULL
);
"""
_BOOTS = 16
"""The most boots whose stamp is remembered."""

_LOG = logging.getLogger(__name__)

PORTION = 500
"""The most readings that are taken out at once, so that no commit takes long."""

BYTES_PER_READING = 200
"""What a waiting reading takes on the disk, about; the quota bounds how many may wait."""

Row = tuple[str, int, str, str]
"""Boot, monotonic nanoseconds, sensor, measurement as JSON."""


def restore(db: sqlite3.Connection, damaged: sqlite3.Connection, after: int) -> int:
    """Put in what waits in a damaged file after an id, as far as it can be read and is sound; return how many.

    It is older than what waits here already, which therefore takes new ids behind it.
    """
    (newest,) = db.execute("SELECT coalesce(max(id), 0) FROM undated").fetchone()
    readings = "SELECT boot, at, sensor, measurement, crc FROM undated WHERE id > ? ORDER BY id"
    sound = (row for row in _readable(damaged, readings, after) if row[4] == _check(row[:4]))
    insert = "INSERT INTO undated (boot, at, sensor, measurement, crc) VALUES (?, ?, ?, ?, ?)"
    restored = max(0, db.executemany(insert, sound).rowcount)
    again = "SELECT boot, at, sensor, measurement, crc FROM undated WHERE id <= ? ORDER BY id"
    db.execute(f"INSERT INTO undated (boot, at, sensor, measurement, crc) {again}", (newest,))
    db.execute("DELETE FROM undated WHERE id <= ?", (newest,))
    return restored


def restore_boots(db: sqlite3.Connection, damaged: sqlite3.Connection) -> None:
    """Put in how boots are dated in a damaged file, as far as it can be read and is sound."""
    boots = "SELECT boot, wall_ms, monotonic_ns, crc FROM boot WHERE id > ? ORDER BY id"
    sound = (row for row in _readable(damaged, boots, 0) if row[3] == _check(row[:3]))
    db.executemany("INSERT OR IGNORE INTO boot (boot, wall_ms, monotonic_ns, crc) VALUES (?, ?, ?, ?)", sound)


def _readable(db: sqlite3.Connection, query: str, after: int) -> Iterator[Any]:
    """Yield rows until damage ends it."""
    with contextlib.suppress(sqlite3.DatabaseError, UnicodeDecodeError, MemoryError):
        yield from db.execute(query, (after,))


def keep(db: sqlite3.Connection, boot: str, taken: Sequence[Taken]) -> None:
    """Insert readings with the boot and monotonic time that will date them."""
    rows = [(boot, t.at, t.sensor, to_json(t.measurement)) for t in taken]
    checked = [(*row, _check(row)) for row in rows]
    db.executemany("INSERT INTO undated (boot, at, sensor, measurement, crc) VALUES (?, ?, ?, ?, ?)", checked)


def _check(row: tuple[object, ...]) -> int:
    return zlib.crc32(repr(row).encode())


def waiting(db: sqlite3.Connection) -> int:
    """Return how many readings wait."""
    return int(db.execute("SELECT count(*) FROM undated").fetchone()[0])


def note_boot(db: sqlite3.Connection, boot: str, stamp: Stamp) -> None:
    """Remember how a boot is dated, so that what still waits of it when it ends is dated alike in the next one."""
    row = (boot, stamp.wall_ms, stamp.monotonic_ns)
    insert = "INSERT OR IGNORE INTO boot (boot, wall_ms, monotonic_ns, crc) VALUES (?, ?, ?, ?)"
    db.execute(insert, (*row, _check(row)))
    db.execute("DELETE FROM boot WHERE id <= (SELECT max(id) FROM boot) - ?", (_BOOTS,))


def stamp_of(db: sqlite3.Connection, boot: str) -> Stamp | None:
    """Return how a boot is dated, None if its clock was never vouched for."""
    row = db.execute("SELECT wall_ms, monotonic_ns, crc FROM boot WHERE boot = ?", (boot,)).fetchone()
    return None if row is None or row[2] != _check((boot, *row[:2])) else Stamp(*row[:2])


def drop(db: sqlite3.Connection, count: int) -> Counter[str]:
    """Drop so many of the oldest waiting readings, and return how many of each sensor."""
    if count <= 0:
        return Counter()
    oldest = "SELECT id, sensor FROM undated ORDER BY id LIMIT ?"
    rows = db.execute(oldest, (count,)).fetchall()
    db.executemany("DELETE FROM undated WHERE id = ?", [(row[0],) for row in rows])
    return Counter(sensor for _, sensor in rows)


@dataclass(frozen=True, slots=True)
class TakenOut:
    """Readings that have a date now, how many came out with the damaged ones, and the last one's id."""

    dated: list[Dated]
    count: int
    last: int


def stamped(db: sqlite3.Connection, boot: str, stamp: Stamp) -> TakenOut:
    """Take the oldest waiting readings out, at most PORTION, dated.

    Those of this boot, and of an earlier one whose clock was vouched for, get their true time. Any other boot ended
    before this one began, so its last reading is put at this boot's start and the rest before it at their true spacing,
    marked as estimated.
    """
    oldest = "SELECT id, crc, boot, at, sensor, measurement FROM undated ORDER BY id LIMIT ?"
    rows = db.execute(oldest, (PORTION,)).fetchall()
    stamps = {earlier: _stamp_for(db, earlier, stamp) for earlier in {row[2] for row in rows} - {boot}} | {boot: stamp}
    db.executemany("DELETE FROM undated WHERE id = ?", [(row[0],) for row in rows])
    dated: list[Dated] = []
    for _, crc, of_boot, at, sensor, said in rows:
        if _check((of_boot, at, sensor, said)) != crc:
            _LOG.error("a reading of %.40r that waited for its time is damaged and left out", sensor)
            continue
        try:
            measurement = from_json(json.loads(said))
        except (ValueError, KeyError, TypeError, BadReading) as error:
            _LOG.error("a reading of %s that waited for its time is of another version and left out: %s", sensor, error)
            continue
        of_its_boot = stamps[of_boot]
        dated.append((sensor, of_its_boot.marked(measurement), of_its_boot.milliseconds(at)))
    return TakenOut(dated, len(rows), rows[-1][0] if rows else 0)


def _stamp_for(db: sqlite3.Connection, earlier: str, now: Stamp) -> Stamp:
    """Return how an earlier boot is dated: as it was known to be, or by its last reading at the start of this one."""
    db.create_function("checked", 4, lambda *row: _check(row), deterministic=True)
    ends = "SELECT max(at) FROM undated WHERE boot = ? AND crc = checked(boot, at, sensor, measurement)"
    (last,) = db.execute(ends, (earlier,)).fetchone()
    return stamp_of(db, earlier) or Stamp(now.milliseconds(0), last or 0, Quality.TIME_ESTIMATED)
