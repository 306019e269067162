"""A model of a store: rows by key, every answer that a real one gives, crashes that lose what was not durable."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hub.errors import BadLines, Hold, LimitReached, TooLarge, TooSlow, TryAgain
from hub.stores.store import SINCE_EVER
from tests.simulated.trace import Trace

_SURELY = 0.9
"""The share of `durable_after` within which the store makes a write durable."""


def key_of(line: bytes) -> bytes:
    """Return what names a row: series and time."""
    series, _, at = line.split(b" ")
    return series + b" " + at


@dataclass
class Mood:
    """How the store answers at present: the share of its writes that meet each trouble."""

    down: float = 0.0
    busy: float = 0.0
    hold: float = 0.0
    slow: float = 0.0
    """Writes that are done, or not, without an answer in time."""
    limited: bytes = b""
    """Lines with this in them would make one name too many."""
    slowest: float = 0.05


class Database:
    """The rows of one store."""

    def __init__(self, rng: random.Random, trace: Trace, *, durable_after: float, most: int, bad: int) -> None:
        self._rng = rng
        self._trace = trace
        self.durable_after = durable_after
        self.mood = Mood()
        self.up = True
        self._since = asyncio.get_running_loop().time()
        self._most = most
        self._bad = bad
        """One in so many lines is refused for ever, none for 0."""
        self.rows: dict[bytes, bytes] = {}
        self._fresh: dict[bytes, float] = {}
        self.on_row: Callable[[bytes, bytes], None] = lambda _key, _line: None
        self.tries = 0

    def is_bad(self, line: bytes) -> bool:
        """Tell whether the store never takes a line: by its value, so that the same line is always bad."""
        if not self._bad or not line.startswith(b"air,"):
            return False
        return round(float(line.split(b"pm2_5=")[1].split(b",")[0]) * 100) % self._bad == 0

    def has_surely(self, line: bytes) -> bool:
        """Tell whether a line is stored and outlives a crash of the store now."""
        key = key_of(line)
        if self.rows.get(key) != line:
            return False
        written = self._fresh.get(key)
        return written is None or asyncio.get_running_loop().time() >= written + self.durable_after * _SURELY

    def _take(self, lines: Iterable[bytes]) -> None:
        now = asyncio.get_running_loop().time()
        for line in lines:
            key = key_of(line)
            self.on_row(key, line)
            if self.durable_after and self.rows.get(key) != line:
                self._fresh[key] = now
            self.rows[key] = line

    async def crash(self, seconds: float) -> None:
        """Lose what is not durable, stay away and come back."""
        now = asyncio.get_running_loop().time()
        for key, written in self._fresh.items():
            if now < written + self.durable_after * _SURELY:
                self.rows.pop(key, None)
        self._fresh.clear()
        self._trace.note("store crashed")
        self.up = False
        try:
            await asyncio.sleep(seconds)
        finally:
            self.up = True
            self._since = asyncio.get_running_loop().time()

    def running_since(self) -> float:
        """Return since when it runs without a break; raises TryAgain."""
        if not self.up:
            raise TryAgain("simulated: the store is down")
        return self._since if self.durable_after else SINCE_EVER

    async def write(self, lines: Sequence[bytes]) -> None:
        """Store lines, or answer as the mood is."""
        self.tries += 1
        await asyncio.sleep(self._rng.uniform(0.001, self.mood.slowest))
        self._refuse_all(lines)
        good = [line for line in lines if not self.is_bad(line) and not self._is_limited(line)]
        if len(good) < len(lines):
            self._take(good[: self._rng.randint(0, len(good))])
            self._trace.note("store refuses", len(lines) - len(good))
            if any(map(self._is_limited, lines)):
                raise LimitReached("simulated: limit exceeded")
            raise BadLines("simulated: partial write")
        if self._rng.random() < self.mood.slow:
            await self._answer_too_late(good)
        began = self._since
        self._take(good)
        self._trace.note("stored", len(good))
        await asyncio.sleep(self._rng.uniform(0.001, self.mood.slowest))
        if not self.up or self._since != began:
            raise TryAgain("simulated: connection reset")

    def _is_limited(self, line: bytes) -> bool:
        return bool(self.mood.limited) and self.mood.limited in line

    def _refuse_all(self, lines: Sequence[bytes]) -> None:
        if not self.up or self._rng.random() < self.mood.down:
            raise TryAgain("simulated: 503")
        if self._rng.random() < self.mood.busy:
            raise TryAgain("simulated: 429", after=self._rng.uniform(0, 20))
        if self._rng.random() < self.mood.hold:
            raise Hold("simulated: 401 or 404")
        if len(lines) > self._most:
            raise TooLarge("simulated: 413")

    async def _answer_too_late(self, lines: Sequence[bytes]) -> None:
        if self._rng.random() < 0.7:
            self._take(lines)
        await asyncio.sleep(self._rng.uniform(5, 15))
        raise TooSlow("simulated: timed out")


class StoreClient:
    """One hub's door to the database."""

    name = "simulated store"

    def __init__(self, database: Database) -> None:
        self._database = database
        self.durable_after = database.durable_after * 1.0

    async def running_since(self) -> float:
        await asyncio.sleep(0.002)
        return self._database.running_since()

    async def prepare(self) -> None:
        await asyncio.sleep(0.002)
        self._database.running_since()

    async def write(self, lines: Sequence[bytes]) -> None:
        await self._database.write(lines)

    async def query(self, statement: str) -> list[Any]:
        raise NotImplementedError(statement)

    async def close(self) -> None:
        """There is nothing to let go."""
