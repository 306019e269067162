"""A disk in the simulated world: real SQLite underneath, that may be slow and may refuse."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tests.simulated.process import CURRENT

Answer = TypeVar("Answer")
_CODES = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY)
_WRITES = ("BEGIN", "INSERT", "UPDATE", "DELETE", "COMMIT", "CREATE", "ALTER", "PRAGMA JOURNAL")


class Disk:
    """Does one call after the other, each in a moment drawn from the seed."""

    usual_seconds = 0.004

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._free_at = 0.0
        self.seconds = self.usual_seconds
        """The longest that one call takes."""
        self.refuses_writes = self.refuses_reads = False
        self.refuses_some = False
        """Whether it refuses only one transaction in two, as a disk does on which there is little room."""
        self.troubled_at = self.refused_at = float("-inf")
        """When it last was slow or refused, and when it last refused."""
        self._is_watched = True
        self._fails_at = 0
        self._spares = False

    def work(self, call: Callable[[], Answer]) -> asyncio.Future[Answer]:
        """Do a call once those before it are done: it happens at one instant, after some time or before some."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Answer] = loop.create_future()
        begins = math.nextafter(max(self._free_at, loop.time()), math.inf)  # timers of one moment have no order
        self._free_at = begins + self._rng.uniform(0, self.seconds)
        if self.seconds > self.usual_seconds:
            self.note_trouble()
        happens = self._free_at if self._rng.random() < 0.5 else begins
        loop.call_at(happens, self._do, call, done, self._free_at)
        return done

    def _do(self, call: Callable[[], Answer], done: asyncio.Future[Answer], ends: float) -> None:
        """Do a call now, unless its process is dead, and say the answer when its time is over."""
        process = CURRENT.get()
        if not process.alive:
            done.cancel()
            return
        loop = asyncio.get_running_loop()
        try:
            answer = call()
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to whoever called
            loop.call_at(ends, _say, done.set_exception, error, done)
        else:
            loop.call_at(ends, _say, done.set_result, answer, done)

    def note_trouble(self) -> None:
        self.troubled_at = asyncio.get_running_loop().time()

    @contextlib.contextmanager
    def unseen(self) -> Iterator[None]:
        """Let the oracle look without meeting trouble."""
        self._is_watched = False
        try:
            yield
        finally:
            self._is_watched = True

    def meet(self, statement: str) -> None:
        """Refuse a statement where the disk refuses; a transaction fails at its begin, in its middle or at its end."""
        if not self._is_watched or not (self.refuses_reads or self.refuses_writes):
            return
        word = statement.lstrip()[:14].upper()
        if word.startswith("ROLLBACK"):
            return
        self.note_trouble()
        if word.startswith("BEGIN"):
            self._fails_at = self._rng.choice((0, 1, 2, 99))
            self._spares = self.refuses_some and self._rng.random() < 0.5
        if not word.startswith(_WRITES):
            refused = self.refuses_reads
        else:
            refused = self.refuses_writes and (self._fails_at <= 0 or word.startswith(("COMMIT", "CREATE", "PRAGMA")))
            self._fails_at -= 1
        if refused and not self._spares:
            self.refused_at = self.troubled_at
            error = sqlite3.OperationalError("the simulated disk refuses")
            error.sqlite_errorcode = self._rng.choice(_CODES)
            raise error


def _say(say: Callable[[Any], None], what: object, done: asyncio.Future[Any]) -> None:
    """Say an answer to whoever still waits for it."""
    if not done.done():
        say(what)
        if not done.cancelled():
            done.exception()  # whoever was killed asks no more


class DiskConnection(sqlite3.Connection):
    """A connection whose statements meet the disk of whoever opened it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._disk = CURRENT.get().host.disk

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        self._disk.meet(sql)
        return super().execute(sql, *args)

    def executemany(self, sql: str, *args: Any) -> sqlite3.Cursor:
        self._disk.meet(sql)
        return super().executemany(sql, *args)

    def executescript(self, sql: str) -> sqlite3.Cursor:
        self._disk.meet(sql)
        return super().executescript(sql)
