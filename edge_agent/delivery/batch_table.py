"""The spool's table of batches, a row each; the newest also carries what the spool must know when it opens.

That is every sensor's next sequence number and how much waits. So one commit writes few pages, and opening reads one
row of a spool however full.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (
    number INTEGER PRIMARY KEY, lines INTEGER NOT NULL, size INTEGER NOT NULL, payload BLOB NOT NULL,
    next_seq TEXT NOT NULL, contents BLOB NOT NULL, held TEXT NOT NULL
);
"""
_PER_READING, _PER_SENSOR, _PER_ROW = 40, 150, 250
"""What a reading, a sensor and a row take on the disk, generously: room is made for it beforehand."""
_ROW_OVERHEAD = 64


@dataclass(frozen=True, slots=True)
class Held:
    """What the spool holds for the hub, and how many readings wait for a date."""

    batches: int = 0
    readings: int = 0
    bytes: int = 0
    undated: int = 0

    def plus(self, sign: int, lines: int, size: int) -> Held:
        """Return this with one batch more (sign 1) or less (sign -1)."""
        return replace(
            self, batches=self.batches + sign, readings=self.readings + sign * lines, bytes=self.bytes + sign * size
        )


@dataclass(frozen=True, slots=True)
class Newest:
    """What the newest row carries; nothing yet where there is none."""

    number: int
    next_seq: Mapping[str, int]
    held: Held


@dataclass(frozen=True, slots=True)
class Stored:
    """A batch's place and measures, and what its loss would leave missing."""

    number: int
    lines: int
    size: int
    contents: bytes


def newest(db: sqlite3.Connection) -> Newest:
    """Return what the newest row carries; raises what damage to it brings."""
    row = db.execute("SELECT number, next_seq, held FROM batch ORDER BY number DESC LIMIT 1").fetchone()
    if row is None:
        return Newest(0, {}, Held())
    next_seq = {sensor: int(seq) for sensor, seq in json.loads(row[1]).items()}
    said, _, check = row[2].rpartition(" ")
    sound = check == _check(said)
    return Newest(int(row[0]), next_seq, Held(*map(int, json.loads(said))) if sound else counted(db))


def counted(db: sqlite3.Connection) -> Held:
    """Return what waits by counting all rows, which takes long where they are many."""
    count, lines, size = db.execute("SELECT count(*), sum(lines), sum(size) FROM batch WHERE lines > 0").fetchone()
    return Held(count, lines or 0, size or 0)


def _check(said: str) -> str:
    return f"{zlib.crc32(said.encode()):08x}"


def insert(db: sqlite3.Connection, batch: Stored, payload: bytes, next_seq: str) -> None:
    """Insert the newest row; the one before it goes if it was kept only for what it carried."""
    row = (batch.number, batch.lines, batch.size, payload, next_seq, batch.contents, "")
    db.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    db.execute("DELETE FROM batch WHERE number = ? AND lines = 0", (batch.number - 1,))


def size_of(payload: bytes, next_seq: str, contents: bytes) -> int:
    """Return what a row takes on the disk, about."""
    return len(payload) + len(next_seq) + len(contents) + _ROW_OVERHEAD


def room_for(readings: int, sensors: int, most: int) -> int:
    """Return the bytes that so many readings and the sensors' numbers take, in rows of at most so many readings."""
    rows = -(-readings // most)
    return readings * _PER_READING + rows * (_PER_ROW + sensors * _PER_SENSOR)


def delete(db: sqlite3.Connection, number: int, newest_number: int) -> None:
    """Delete a batch; the newest row stays, emptied, until there is a newer one to carry what it carries."""
    if number == newest_number:
        db.execute("UPDATE batch SET lines = 0, payload = x'', contents = x'' WHERE number = ?", (number,))
    else:
        db.execute("DELETE FROM batch WHERE number = ?", (number,))


def note_held(db: sqlite3.Connection, newest_number: int, held: Held) -> None:
    """Write how much waits into the newest row, with a check."""
    said = json.dumps([held.batches, held.readings, held.bytes])
    db.execute("UPDATE batch SET held = ? WHERE number = ?", (f"{said} {_check(said)}", newest_number))


def oldest(db: sqlite3.Connection) -> Stored:
    """Return the oldest batch; there must be one."""
    query = "SELECT number, lines, size, contents FROM batch WHERE lines > 0 ORDER BY number LIMIT 1"
    return Stored(*db.execute(query).fetchone())


def measures(db: sqlite3.Connection, number: int) -> tuple[int, int] | None:
    """Return a batch's lines and size, None where it is not."""
    query = "SELECT lines, size FROM batch WHERE number = ? AND lines > 0"
    row: tuple[int, int] | None = db.execute(query, (number,)).fetchone()
    return row


def after(db: sqlite3.Connection, number: int, limit: int) -> list[int]:
    """Return the numbers of the oldest batches after a number."""
    query = "SELECT number FROM batch WHERE number > ? AND lines > 0 ORDER BY number LIMIT ?"
    return [n for (n,) in db.execute(query, (number, limit))]


def document(db: sqlite3.Connection, number: int) -> tuple[bytes, bytes] | None:
    """Return a batch's payload and contents, None where it is not."""
    query = "SELECT payload, contents FROM batch WHERE number = ? AND lines > 0"
    row: tuple[bytes, bytes] | None = db.execute(query, (number,)).fetchone()
    return row
