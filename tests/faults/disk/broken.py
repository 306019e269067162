"""Spools that are broken on purpose, by name: the harness must catch every one of them.

They change what the spool asks of SQLite or wrap its public methods, so that they outlive changes of its insides.
"""

from __future__ import annotations

import contextlib
import fcntl
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

import zstandard

from edge_agent.clock import Stamp
from edge_agent.delivery import gaps
from edge_agent.delivery.gaps import Gap
from edge_agent.delivery.room import Room
from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolUnwritable
from edge_agent.taken import Taken
from telemetry import batch
from telemetry.batch import Batch

_CONNECT = sqlite3.connect


@contextlib.contextmanager
def pragma(name: str, value: str) -> Iterator[None]:
    """Let every connection have a pragma as given, whatever the spool asks for."""
    asked = re.compile(rf"PRAGMA\s+{name}\s*=\s*\w+", re.IGNORECASE)
    wanted = f"PRAGMA {name}={value}"
    outer: Callable[..., sqlite3.Connection] = sqlite3.connect
    base = outer.keywords["factory"] if isinstance(outer, partial) else sqlite3.Connection

    class Altered(base):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if name == "journal_mode" and sql.startswith("PRAGMA wal_checkpoint"):
                return super().execute("SELECT 0, 0, 0")
            return super().execute(asked.sub(wanted, sql), *rest)

        def executescript(self, sql: str) -> sqlite3.Cursor:
            return super().executescript(asked.sub(wanted, sql))

    def connect(*args: Any, **more: Any) -> sqlite3.Connection:
        db = _CONNECT(*args, **{"factory": Altered, **more})
        with contextlib.suppress(sqlite3.DatabaseError):
            db.execute(wanted)
        return db

    with patch.object(sqlite3, "connect", partial(connect, factory=Altered)):
        yield


@contextlib.contextmanager
def checkpoints_after(frames: int) -> Iterator[None]:
    """Let SQLite empty its journal after so many frames, so that a short life sees it; 0 changes nothing."""
    with pragma("wal_autocheckpoint", str(frames)) if frames else contextlib.nullcontext():
        yield


def _method(name: str, wrapped: Callable[..., Any]) -> AbstractContextManager[Any]:
    """Replace a method of the spool by one that gets the true one first."""
    true = getattr(Spool, name)
    return patch.object(Spool, name, lambda self, *args, **more: wrapped(partial(true, self), self, *args, **more))


def _compressed_without_checksum() -> AbstractContextManager[Any]:
    def encode(self: Batch, *, compress: bool = True) -> bytes:
        document = self.document()
        return zstandard.ZstdCompressor(level=3).compress(document) if compress else document

    return patch.object(Batch, "encode", encode)


@contextlib.contextmanager
def _length_trusted() -> Iterator[None]:
    """Documents lie in the file as text, and nobody counts their lines again."""
    header = re.compile(rb"# simpang/1 epoch=(\w+) batch=(\d+) lines=(\d+)\n")

    def decode(payload: bytes) -> Batch:
        found = header.match(payload)
        if found is None:
            raise batch.BadBatch("no header")
        return Batch(found[1].decode(), int(found[2]), int(found[3]), payload[found.end() :])

    plain = patch.object(Batch, "encode", lambda self, *, compress=True: self.document())
    with plain, patch.object(batch, "decode", decode):
        yield


def _commit_that_hides_refusals(true: Callable[..., int | None], spool: Spool, *args: Any) -> int | None:
    try:
        return true(*args)
    except SpoolUnwritable:
        return None


@contextlib.contextmanager
def _commit_retried() -> Iterator[None]:
    """A COMMIT that failed is asked for once more, and what SQLite says then does not count."""
    outer: Callable[..., sqlite3.Connection] = sqlite3.connect
    base = outer.keywords["factory"] if isinstance(outer, partial) else sqlite3.Connection

    class Retrying(base):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            try:
                return super().execute(sql, *rest)
            except sqlite3.OperationalError:
                if sql != "COMMIT":
                    raise
                with contextlib.suppress(sqlite3.OperationalError):
                    super().execute(sql)
                return self.cursor()

    with patch.object(sqlite3, "connect", partial(outer, factory=Retrying)):
        yield


def _opened_without_numbers(true: Callable[..., None], spool: Spool, *args: Any, **more: Any) -> None:
    true(*args, **more)
    spool._shelf.books = replace(spool._shelf.books, next_seq={}, noted={})


def _payload_that_forgets(true: Callable[..., bytes | None], spool: Spool, number: int) -> bytes | None:
    payload = true(number)
    if payload is not None:
        spool.forget(number)
    return payload


@contextlib.contextmanager
def _said_before_done() -> Iterator[None]:
    """A commit returns at once and is made at the next one."""
    late: list[tuple[Any, ...]] = []

    def commit(true: Callable[..., int | None], spool: Spool, *args: Any) -> int | None:
        late.append(args)
        return true(*late.pop(0)) if len(late) > 1 else None

    with _method("commit", commit):
        yield


@contextlib.contextmanager
def _undated_in_memory() -> Iterator[None]:
    """What has no date waits in memory."""
    waiting: list[Taken] = []

    def commit(
        true: Callable[..., int | None],
        spool: Spool,
        taken: Sequence[Taken],
        stamp: Stamp | None,
        lost: Mapping[str, int] | None = None,
    ) -> int | None:
        waiting.extend(taken)
        if stamp is None:
            return None
        out, waiting[:] = list(waiting), []
        return true(out, stamp, lost)

    with _method("commit", commit):
        yield


def _forget_untold(true: Callable[..., None], spool: Spool, number: int, missing: Sequence[Gap] = ()) -> None:
    true(number)


def _drops_untold() -> AbstractContextManager[Any]:
    true = Room.make

    def make(self: Room, fits: Callable[[], bool]) -> list[Gap]:
        true(self, fits)
        return []

    return patch.object(Room, "make", make)


def _told_too_much() -> AbstractContextManager[Any]:
    true = gaps.merged

    def merged(told: Any) -> list[Gap]:
        return [replace(gap, last=gap.last + 1, count=gap.count + 1) for gap in true(told)]

    return patch.object(gaps, "merged", merged)


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to break the spool, and the fault that shows it."""

    name: str
    fault: str
    enter: Callable[[], AbstractContextManager[Any]]


NO_FOLDER_SYNC = Variant("no-folder-sync", "power", contextlib.nullcontext)
"""Nothing in Python reaches this sync of SQLite's, so the replay leaves it out."""

VARIANTS = (
    NO_FOLDER_SYNC,
    Variant("no-sync", "power", lambda: pragma("synchronous", "OFF")),
    Variant("no-sync-on-ext4", "blocks", lambda: pragma("synchronous", "OFF")),
    Variant("sync-only-at-checkpoints", "power", lambda: pragma("synchronous", "NORMAL")),
    Variant("journal-in-memory", "power", lambda: pragma("journal_mode", "MEMORY")),
    Variant("no-journal", "power", lambda: pragma("journal_mode", "OFF")),
    Variant("no-checksum", "rot", _compressed_without_checksum),
    Variant("length-trusted", "rot", _length_trusted),
    Variant("epoch-kept-after-damage", "rot", lambda: patch.object(secrets, "token_hex", lambda n: "5f0c91d2a7b3e846")),
    Variant("refusal-taken-for-done", "refusal", lambda: _method("commit", _commit_that_hides_refusals)),
    Variant("failed-commit-retried", "refusal", _commit_retried),
    Variant("second-writer-allowed", "sharing", lambda: patch.object(fcntl, "flock", lambda *_: None)),
    Variant("numbers-not-kept", "kill", lambda: _method("__init__", _opened_without_numbers)),
    Variant("deleted-when-sent", "kill", lambda: _method("payload", _payload_that_forgets)),
    Variant("said-before-done", "kill", _said_before_done),
    Variant("undated-in-memory", "power", _undated_in_memory),
    Variant("refused-lines-untold", "kill", lambda: _method("forget", _forget_untold)),
    Variant("drops-untold", "kill", _drops_untold),
    Variant("gaps-too-wide", "kill", _told_too_much),
)
BY_NAME = {variant.name: variant for variant in VARIANTS}


def spool(name: str) -> AbstractContextManager[Any]:
    """Return what breaks the spool in the way of a name; an empty name breaks nothing."""
    return BY_NAME[name].enter() if name else contextlib.nullcontext()
