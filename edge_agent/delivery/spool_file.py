"""The spool's file: locked against a second agent, opened or created, set aside if it is damaged."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import sqlite3
import time
from collections import Counter
from pathlib import Path

from edge_agent.delivery import batch_table, undated
from edge_agent.errors import SpoolForeign, SpoolTaken, SpoolUnwritable
from telemetry.reading import Place

_VERSION = "2"
_CURE = "let the agent that wrote it deliver what it holds, or move it away, which leaves its readings undelivered"
_SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


_REFUSALS = frozenset(
    {
        sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
    }
)  # fmt: skip


def is_refusal(error: Exception) -> bool:
    """Tell whether the system refuses the file for now; any other error on opening means that it is damaged."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _REFUSALS


def lock(path: Path) -> int:
    """Return the descriptor of the spool's lock, held until it is closed; raises SpoolTaken or SpoolUnwritable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SpoolUnwritable(f"spool {path} cannot be locked: {error}; check [spool] path and its rights") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise SpoolTaken(f"spool {path} is held by another running agent; stop that one or use another path") from error
    return held


def open_database(path: Path) -> sqlite3.Connection:
    """Return a connection in which each COMMIT is on the disk when it returns."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.executescript(_SCHEMA + batch_table.SCHEMA + undated.SCHEMA)
    except sqlite3.Error:
        db.close()
        raise
    return db


def identify(db: sqlite3.Connection, path: Path, place: Place) -> str:
    """Return the epoch of the spool, drawing one if it is new; raises SpoolForeign."""
    mine = f"{place.site}/{place.agent}"
    fresh = [("version", _VERSION), ("epoch", secrets.token_hex(8)), ("place", mine)]
    db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", fresh)
    meta: dict[str, str] = dict(db.execute("SELECT key, value FROM meta").fetchall())
    if meta["place"] != mine:
        raise SpoolForeign(f"spool {path} belongs to {meta['place']}, not to {mine}; use a path of its own")
    if meta["version"] != _VERSION:
        raise SpoolForeign(f"spool {path} has version {meta['version']}, this agent reads {_VERSION}; {_CURE}")
    return meta["epoch"]


def unnumbered(db: sqlite3.Connection) -> Counter[str]:
    """Return how many readings of each sensor were dropped before they had a number, and are not told yet."""
    row = db.execute("SELECT value FROM meta WHERE key = 'unnumbered'").fetchone()
    return Counter({sensor: int(count) for sensor, count in json.loads(row[0]).items()} if row else {})


def note_unnumbered(db: sqlite3.Connection, lost: Counter[str]) -> None:
    """Write them down."""
    db.execute("INSERT OR REPLACE INTO meta VALUES ('unnumbered', ?)", (json.dumps(lost),))


def set_aside(path: Path) -> Path:
    """Rename a damaged spool with its journal and return its new name."""
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside
