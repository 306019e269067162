"""The spool's file: locked against a second agent, opened or created, set aside if it is damaged."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge_agent.delivery import batch_table, carving, pages, undated
from edge_agent.delivery.facts import Facts
from edge_agent.delivery.gaps import Gap
from edge_agent.errors import SpoolDamaged, SpoolForeign, SpoolTaken, SpoolUnusable, SpoolUnwritable
from telemetry.reading import Place

_VERSION = "3"
_CURE = "let the agent that wrote it deliver what it holds, or move it away, which leaves its readings undelivered"
_SCHEMA = f"""
PRAGMA page_size={batch_table.PAGE};
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
PRAGMA wal_autocheckpoint=4000;
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
"""
_SUFFIXES = ("", "-wal", "-shm")
_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})
"""What a disk says that may work again."""

_KEPT_ASIDE = 2
"""Damaged files that are kept to be looked at."""


@dataclass(frozen=True, slots=True)
class Untold:
    """Losses that no gap reading tells yet: readings by sensor that had no number, and gaps.

    Of `refused` the hub would not hear; they are told again later.
    """

    unnumbered: Counter[str] = field(default_factory=Counter)
    holes: tuple[Gap, ...] = ()
    refused: tuple[Gap, ...] = ()
    told_times: int = 0
    """How often such losses were told before, which tells a stale note."""

    def plus(self, unnumbered: Mapping[str, int]) -> Untold:
        """Return this with more readings that had no number."""
        return replace(self, unnumbered=self.unnumbered + Counter(unnumbered)) if unnumbered else self

    def with_those_of(self, other: Untold) -> Untold:
        """Return this with the losses of another spool."""
        known = self.plus(other.unnumbered)
        return replace(known, holes=known.holes + other.holes, refused=known.refused + other.refused)


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
    """Return the descriptor of the spool's lock, held until it is closed.

    Raises SpoolTaken, SpoolUnusable or SpoolUnwritable.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        why = f"spool {path} cannot be locked: {error}; check [spool] path and its rights"
        raise (SpoolUnwritable(why) if error.errno in _PASSING else SpoolUnusable(why)) from error
    if path.is_dir():
        os.close(held)
        raise SpoolUnusable(f"spool {path} is a folder; [spool] path names the file itself")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise SpoolTaken(f"spool {path} is held by another running agent; stop that one or use another path") from error
    return held


def open_database(path: Path) -> sqlite3.Connection:
    """Return a connection in which each COMMIT is on the disk when it returns."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def prepare(db: sqlite3.Connection, path: Path) -> Facts | None:
    """Make the tables if the file is new; raises SpoolDamaged.

    SQLite believes its log up to the first damaged frame, drops the rest in silence, and deletes it when it is closed.
    Here that is damage, unless it is the last write alone, which a power cut may have torn. Returns the facts of such a
    write where they can be read: its numbers must not be given out again.
    """
    pages.check_header(path)
    log = pages.log(path, batch_table.PAGE)
    db.executescript(_SCHEMA + batch_table.SCHEMA + undated.SCHEMA)
    _, believed, _ = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    doubted = log[max(0, believed) :]
    if sum(frame.ends for frame in doubted) > 1:
        raise SpoolDamaged(f"of the {len(log)} pages in its log {len(doubted)} are not sound")
    torn = carving.newest_facts(path, max(0, believed)) if doubted else None
    if doubted and torn is None and pages.is_without_holes(log, batch_table.PAGE):
        raise SpoolDamaged("the last write in its log is not sound")
    return torn


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block does, or undo it if it raises."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        _roll_back(db)
        raise


def _roll_back(db: sqlite3.Connection) -> None:
    """Undo a transaction; a connection that cannot is closed, since reading on it would show what is not committed."""
    try:
        db.execute("ROLLBACK")
    except (sqlite3.Error, MemoryError):
        if db.in_transaction:
            db.close()


def forget_log(db: sqlite3.Connection) -> None:
    """Empty the log, in which a refused commit may have left pages that look committed."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def identify(db: sqlite3.Connection, path: Path, place: Place) -> str:
    """Return the epoch of the spool, drawing one if it is new; raises SpoolForeign or SpoolDamaged."""
    mine = f"{place.site}/{place.agent}"
    if "crc" not in [column[1] for column in db.execute("PRAGMA table_info(meta)")]:
        raise SpoolForeign(f"spool {path} has an older version, this agent reads {_VERSION}; {_CURE}")
    if batch_table.newest(db) is None and not db.execute("SELECT count(*) FROM meta").fetchone()[0]:
        with transaction(db):
            for key, value in (("version", _VERSION), ("epoch", secrets.token_hex(8)), ("place", mine)):
                _note(db, key, value)
    owner, version, epoch = (noted(db, key) for key in ("place", "version", "epoch"))
    if owner is None or version is None or epoch is None:
        raise SpoolDamaged("it does not say whose it is")
    if owner != mine:
        raise SpoolForeign(f"spool {path} belongs to {owner}, not to {mine}; use a path of its own")
    if version != _VERSION:
        raise SpoolForeign(f"spool {path} has version {version}, this agent reads {_VERSION}; {_CURE}")
    return epoch


def untold(db: sqlite3.Connection) -> Untold:
    """Return the losses that no gap reading tells yet."""
    said = json.loads(noted(db, "untold") or '{"unnumbered": {}, "holes": [], "refused": [], "told": 0}')
    holes, refused = (tuple(map(Gap.of_row, said[kind])) for kind in ("holes", "refused"))
    return Untold(Counter(said["unnumbered"]), holes, refused, said["told"])


def note_untold(db: sqlite3.Connection, untold: Untold) -> None:
    """Write them down."""
    holes, refused = ([gap.row() for gap in gaps] for gaps in (untold.holes, untold.refused))
    said = {"unnumbered": dict(untold.unnumbered), "holes": holes, "refused": refused, "told": untold.told_times}
    _note(db, "untold", json.dumps(said))


def salvaged_to(db: sqlite3.Connection, aside: Path) -> int | None:
    """Return the last batch of a damaged spool that was taken over, 0 if only its numbers were, None if nothing was."""
    return _salvaged(db).get(aside.name)


def note_salvaged_to(db: sqlite3.Connection, aside: Path, number: int) -> None:
    """Write it down."""
    others = {name: last for name, last in _salvaged(db).items() if aside.with_name(name).exists()}
    _note(db, "taken over", json.dumps({**others, aside.name: number}))


def _salvaged(db: sqlite3.Connection) -> dict[str, int]:
    said: dict[str, int] = json.loads(noted(db, "taken over") or "{}")
    return said


def _note(db: sqlite3.Connection, key: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", (key, value, _check(key, value)))


def noted(db: sqlite3.Connection, key: str) -> str | None:
    """Return what is noted of the file, None where nothing was; raises SpoolDamaged."""
    row = db.execute("SELECT value, crc FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row[1] != _check(key, str(row[0])):
        raise SpoolDamaged(f"what it says of its {key} is damaged")
    return str(row[0])


def _check(key: str, value: str) -> int:
    return zlib.crc32(f"{key}={value}".encode())


def set_aside(path: Path) -> Path:
    """Rename a damaged spool with its journal and return its new name."""
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    _rename(path, aside)
    return aside


def to_salvage(path: Path) -> list[Path]:
    """Return the damaged spools that were set aside and not read yet."""
    return _of_kind(path, "damaged")


def salvaged(path: Path) -> list[Path]:
    """Return the damaged spools that were read and are kept."""
    return _of_kind(path, "salvaged")


def _of_kind(path: Path, kind: str) -> list[Path]:
    """Return files set aside, the oldest first, without their journals."""
    return [aside for aside in sorted(path.parent.glob(f"{path.name}.{kind}-*")) if aside.suffix[-1].isdigit()]


def note_salvaged(aside: Path) -> Path:
    """Rename a damaged spool that was read, and let go of the oldest of those kept."""
    name, _, when = aside.name.rpartition(".damaged-")
    done = aside.with_name(f"{name}.salvaged-{when}")
    _rename(aside, done)
    for old in salvaged(aside.with_name(name))[:-_KEPT_ASIDE]:
        for suffix in _SUFFIXES:
            old.with_name(old.name + suffix).unlink(missing_ok=True)
    return done


def _rename(path: Path, to: Path) -> None:
    for suffix in _SUFFIXES:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(to.with_name(to.name + suffix))
