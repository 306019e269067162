"""A sensor that shares its port with others and is asked by its address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Self

from drivers.catalogue import load
from edge_agent.errors import SourceLost
from edge_agent.sources.bus import Bus
from edge_agent.sources.port import Tap
from edge_agent.sources.serial_port import UNPLUGGED_WAIT, line_of
from edge_agent.sources.source import Vitals
from edge_agent.taken import Taken
from service.progress import Progress

if TYPE_CHECKING:  # what checks settings is not loaded where they are used: see lean.py
    from edge_agent.serial_config import SerialSensor

_MISSES = 3
"""Rounds without an answer after which a sensor that answered before is lost; until it answers, one is enough."""


_SILENT_WAIT = 15.0


class BusSensor:
    """Source: asks the sensor at its pace, and lets the others have the line in between."""

    def __init__(self, settings: SerialSensor, progress: Progress, bus: Bus) -> None:
        """Take the settings and the line; nothing is opened yet."""
        self._settings = settings
        self._progress = progress
        self._bus = bus
        self.driver = load(settings.driver)(**settings.options)
        self.line = line_of(settings, type(self.driver))
        self._every = settings.poll_seconds or self.driver.interval
        self._ending = asyncio.Event()
        self.vitals = Vitals(settings.sensor, rejected=self.driver.rejected)

    async def __aenter__(self) -> Self:
        """Join the line; raises SourceLost.

        An unplugged line is looked for often; a silent device seldom, since each try costs the others its time-out.
        """
        self.vitals.longest_wait = UNPLUGGED_WAIT
        await self._bus.join()
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Leave the line to the others."""
        await self._bus.leave()

    @property
    def tap(self) -> Tap | None:
        """Who is told of all bytes on the line."""
        return self._bus.tap

    @tap.setter
    def tap(self, tap: Tap | None) -> None:
        self._bus.tap = tap

    def end(self) -> None:
        """Let `readings` return."""
        self._ending.set()

    async def readings(self) -> AsyncGenerator[Taken, None]:
        """Yield readings; raises SourceLost when the port goes away or the sensor does not answer."""
        missed, allowed = 0, 1
        due = time.monotonic()
        while not self._ending.is_set():
            due = max(due + self._every, time.monotonic())
            before, strangers = self.driver.answers, self.driver.rejected["not-asked"]
            for _ in range(self.driver.asks):
                for at, measurement in await self._bus.ask(self.driver):
                    self.vitals.frame()
                    yield Taken(self._settings.sensor, measurement, at)
            if self.driver.answers > before:
                missed, allowed = 0, _MISSES
            else:
                missed += 1
            if missed >= allowed:
                self.vitals.longest_wait = _SILENT_WAIT
                raise SourceLost(self._silence(others=self.driver.rejected["not-asked"] > strangers))
            await self._until(due)

    async def _until(self, due: float) -> None:
        """Wait for the next round or the end."""
        while (left := due - time.monotonic()) > 0 and not self._ending.is_set():
            self._progress.turn(self._settings.sensor)
            try:
                async with asyncio.timeout(min(left, 10.0)):
                    await self._ending.wait()
            except TimeoutError:
                continue
        self._progress.turn(self._settings.sensor)

    def _silence(self, *, others: bool) -> str:
        """Return what a technician can do about a device that does not answer."""
        settings, address = self._settings, self.driver.chosen.get("address")
        if others:
            return f"port {settings.port}: another device answers when {address} is asked; do two have one address?"
        return (
            f"device {address} on {settings.port} does not answer; check its power, its address, "
            f"that A and B are not swapped, and that it runs at {self.line}"
        )
