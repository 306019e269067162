"""A port with several devices on it: one is asked at a time, and has its time to answer."""

from __future__ import annotations

import asyncio
import time

from drivers.driver import Driver, LineSettings
from edge_agent.errors import SourceLost
from edge_agent.sources.port import Port, Tap
from telemetry.reading import Measurement

_PAUSE = 0.02
"""Seconds of silence between two conversations; the standard wants 3.5 characters, 8 ms at 4800 baud."""

_DRAINED = 64
"""Reads after which a line that does not fall silent is asked all the same."""


class Bus:
    """Open while at least one of its devices is read; the loss of the port is told to each."""

    def __init__(self, path: str, line: LineSettings) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._line = line
        self._lock = asyncio.Lock()
        self._port: Port | None = None
        self._users = 0
        self.tap: Tap | None = None
        """Who is told of all bytes."""

    async def join(self) -> None:
        """Open the port for one more device, if it is not open; raises SourceLost."""
        async with self._lock:
            if self._port is None:
                self._port = await Port.opened(self._path, self._line)
                self._port.tap = self.tap or self._port.tap
            self._users += 1

    async def leave(self) -> None:
        """Close the port if no other device needs it."""
        async with self._lock:
            self._users -= 1
            if self._users == 0:
                await self._close()

    async def ask(self, driver: Driver) -> list[tuple[int, Measurement]]:
        """Return what a device answers to its next request, with the monotonic nanoseconds; raises SourceLost."""
        async with self._lock:
            if self._port is None:
                raise SourceLost(f"port {self._path} was lost")
            try:
                return await _asked(self._port, driver)
            except SourceLost:
                await self._close()
                raise

    async def _close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            await port.leave(b"")


async def _asked(port: Port, driver: Driver) -> list[tuple[int, Measurement]]:
    """Send a request over what is left of others' words, and hear its answer out."""
    await asyncio.sleep(_PAUSE)
    for _ in range(_DRAINED):
        if not (await port.read(0))[1]:
            break
    await port.write(driver.poll())
    before, deadline = driver.answers, time.monotonic() + driver.answer_seconds
    heard: list[tuple[int, Measurement]] = []
    while driver.answers == before and (left := deadline - time.monotonic()) > 0:
        at, data = await port.read(left)
        heard += [(at, measurement) for measurement in driver.feed(data)]
    return heard
