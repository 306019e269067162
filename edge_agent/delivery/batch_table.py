"""The spool's table of batches, a row each, and the statements on it.

The document stands before the facts, near the row's beginning, so that it can be found in a file whose tree is damaged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from edge_agent.errors import SpoolDamaged

SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (
    number INTEGER PRIMARY KEY, level INTEGER NOT NULL, lines INTEGER NOT NULL, size INTEGER NOT NULL,
    payload BLOB NOT NULL, facts BLOB NOT NULL
);
"""
PAGE = 512
"""Bytes: small pages make a commit of one second's readings cost about two blocks of the disk."""

_PER_PAGE = 480
_PER_READING, _PER_SENSOR, _PER_ROW = 40, 30, 400
"""What a reading, a sensor and a row take on the disk, generously: room is made for it beforehand."""


class Level(IntEnum):
    """How much of a batch was given up to make room."""

    WHOLE = 0
    THINNED = 1
    WITHOUT_BRIEF = 2
    LASTING = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A batch as it is stored; `lines` is 0 for a row kept only for its facts."""

    number: int
    level: int
    lines: int
    size: int
    payload: bytes
    facts: bytes

    def __post_init__(self) -> None:
        """Refuse what a rotten type makes of a number or a document (SpoolDamaged)."""
        _check_types((self.number, self.level, self.lines, self.size), int)
        _check_types((self.payload, self.facts), bytes)


def _check_types(values: Sequence[object], kind: type) -> None:
    if not all(isinstance(value, kind) for value in values):
        raise SpoolDamaged(f"a row holds something else than {kind.__name__} where it should")


def size_of(payload: bytes, facts: bytes) -> int:
    """Return what a row takes on the disk, about."""
    return -(-(len(payload) + len(facts)) // _PER_PAGE) * PAGE


def room_for(readings: int, sensors: int, most: int) -> int:
    """Return the bytes that so many readings and the sensors' numbers take, in rows of at most so many readings."""
    rows = -(-readings // most)
    return readings * _PER_READING + rows * (_PER_ROW + sensors * _PER_SENSOR + PAGE)


def insert(db: sqlite3.Connection, row: Row) -> None:
    """Insert the newest row."""
    values = (row.number, row.level, row.lines, row.size, row.payload, row.facts)
    db.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?)", values)


def delete(db: sqlite3.Connection, first: int, last: int, *, keep_facts: bool) -> None:
    """Delete a run of rows; the last one's facts, if they are kept, tell the numbers before whatever comes next."""
    db.execute("DELETE FROM batch WHERE number >= ? AND number < ?", (first, last + (not keep_facts)))
    db.execute("UPDATE batch SET lines = 0, payload = x'' WHERE number = ?", (last,))


def gaps_before(db: sqlite3.Connection, end: int) -> list[tuple[int, int]]:
    """Return the runs of numbers below one that no batch has."""
    runs, expected = [], 1
    query = "SELECT number FROM batch WHERE number < ? AND lines > 0 ORDER BY number"
    for number in (*(n for (n,) in db.execute(query, (end,))), end):
        if number > expected:
            runs.append((expected, number - 1))
        expected = number + 1
    return runs


def note_facts(db: sqlite3.Connection, number: int, facts: bytes) -> None:
    """Write a row's facts anew."""
    db.execute("UPDATE batch SET facts = ? WHERE number = ?", (facts, number))


def newest(db: sqlite3.Connection) -> Row | None:
    """Return the newest row, None if there is none yet."""
    row = db.execute("SELECT * FROM batch ORDER BY number DESC LIMIT 1").fetchone()
    return None if row is None else Row(*row)


def get(db: sqlite3.Connection, number: int) -> Row | None:
    """Return a batch, None where it is not."""
    row = db.execute("SELECT * FROM batch WHERE number = ? AND lines > 0", (number,)).fetchone()
    return None if row is None else Row(*row)


def measures(db: sqlite3.Connection, number: int) -> tuple[int, int] | None:
    """Return a batch's lines and size, None where it is not."""
    query = "SELECT lines, size FROM batch WHERE number = ? AND lines > 0"
    row: tuple[int, int] | None = db.execute(query, (number,)).fetchone()
    _check_types(row or (), int)
    return row


def after(db: sqlite3.Connection, number: int, limit: int) -> list[int]:
    """Return the numbers of the oldest batches after a number."""
    query = "SELECT number FROM batch WHERE number > ? AND lines > 0 ORDER BY number LIMIT ?"
    numbers = [n for (n,) in db.execute(query, (number, limit))]
    _check_types(numbers, int)
    return numbers


def oldest(db: sqlite3.Connection, level: int, begin: int, limit: int) -> list[Row]:
    """Return the oldest batches of a level from a number on."""
    query = "SELECT * FROM batch WHERE number >= ? AND level = ? AND lines > 0 ORDER BY number LIMIT ?"
    return [Row(*row) for row in db.execute(query, (begin, level, limit))]
