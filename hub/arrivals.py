"""Batches that arrived and wait for the store: the hub's one queue, bounded in bytes."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from telemetry.ack import DeadLine
from telemetry.reading import Place

Key = tuple[Place, str, int]
_DEAD_BYTES = 200


@dataclass(frozen=True, slots=True)
class Arrived:
    """A checked batch: the lines to store with their places in the batch, and the lines that were refused."""

    place: Place
    epoch: str
    number: int
    lines: tuple[bytes, ...]
    numbers: tuple[int, ...]
    dead: tuple[DeadLine, ...]

    @property
    def key(self) -> Key:
        """What names the batch."""
        return self.place, self.epoch, self.number

    @property
    def size(self) -> int:
        """The bytes of its lines, and about those of what is said of the dead ones."""
        return sum(map(len, self.lines)) + sum(_DEAD_BYTES + len(dead.why) for dead in self.dead)


class Arrivals:
    """First in, first out; `put` waits while the bytes are too many, and the bounded inbox drops what comes."""

    def __init__(self, most_bytes: int) -> None:
        """Bound what waits."""
        self._most = most_bytes
        self._waiting: deque[Arrived] = deque()
        self._keys: set[Key] = set()
        self._bytes = 0
        self._changed = asyncio.Condition()

    async def put(self, arrived: Arrived) -> None:
        """Take a batch in once there is room; one that already waits is not taken twice."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._bytes < self._most)
            if arrived.key not in self._keys:
                self._waiting.append(arrived)
                self._keys.add(arrived.key)
                self._bytes += arrived.size
                self._changed.notify_all()

    async def take(self, most_lines: int) -> list[Arrived]:
        """Wait for a batch and return it with all others there are, up to so many lines."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._waiting))
            taken: list[Arrived] = []
            lines = 0
            while self._waiting and (not taken or lines + len(self._waiting[0].lines) <= most_lines):
                arrived = self._waiting.popleft()
                taken.append(arrived)
                lines += len(arrived.lines)
                self._keys.discard(arrived.key)
                self._bytes -= arrived.size
            self._changed.notify_all()
            return taken
