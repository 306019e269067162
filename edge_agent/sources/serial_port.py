"""A sensor alone on a serial port: the port's bytes through the sensor's driver."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from drivers.catalogue import load
from drivers.driver import Driver, LineSettings
from edge_agent.errors import SourceLost
from edge_agent.sources.duty import Command, DutyCycle
from edge_agent.sources.port import Port, Tap
from edge_agent.sources.source import Vitals
from edge_agent.taken import Taken
from service.progress import Progress

if TYPE_CHECKING:  # what checks settings is not loaded where they are used: see lean.py
    from edge_agent.serial_config import SerialSensor

_LOG = logging.getLogger(__name__)
_PATIENCE = 60.0
"""Seconds without a byte after which the port is opened anew, and without a frame after which a cause is named."""

UNPLUGGED_WAIT = 3.0
"""Seconds between two looks for a port at most: what is plugged in again is read within five."""

_TURN = 10.0
"""Seconds after which the loop comes round though nothing was heard, so that it does not count as stuck."""


def line_of(settings: SerialSensor, driver: type[Driver]) -> LineSettings:
    """Return how a sensor's line is set: the driver's way, but for the speed that the settings name."""
    return replace(driver.line, baud=settings.baud or driver.line.baud)


class SerialPort:
    """Source: opens the port, asks if the sensor needs asking, and yields what the driver understands."""

    def __init__(self, settings: SerialSensor, progress: Progress) -> None:
        """Take the settings; nothing is opened yet."""
        self._settings = settings
        self._progress = progress
        self.driver = load(settings.driver)(**settings.options)
        self.line = line_of(settings, type(self.driver))
        self._every = settings.poll_seconds or self.driver.interval
        self._patience = max(_PATIENCE, 10 * self._every)
        self._duty = DutyCycle(settings.wake_every, settings.awake_seconds) if settings.wake_every else None
        self._port: Port | None = None
        self.tap: Tap | None = None
        """Who is told of all bytes."""
        self._ending = False
        self.vitals = Vitals(settings.sensor, rejected=self.driver.rejected, longest_wait=UNPLUGGED_WAIT)

    async def __aenter__(self) -> Self:
        """Open the port, forget what was half-heard before, and greet the sensor; raises SourceLost."""
        self._port = await Port.opened(self._settings.port, self.line)
        self._port.tap = self.tap or self._port.tap
        self.driver.reopened()
        try:
            await self._port.write(self.driver.opening)
        except BaseException:
            await self._leave(b"")
            raise
        self.vitals.woke()
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Take leave of the sensor, which sleeps on if it sleeps at times, and close the port."""
        self.vitals.slept()
        await self._leave(self.driver.sleep if self._duty else self.driver.closing)

    async def _leave(self, farewell: bytes) -> None:
        port, self._port = self._port, None
        if port is not None:
            await port.leave(farewell)

    def end(self) -> None:
        """Let `readings` return."""
        self._ending = True
        if self._port is not None:
            self._port.wake()

    async def readings(self) -> AsyncGenerator[Taken, None]:
        """Yield readings; raises SourceLost when the port goes away or falls silent."""
        port = self._port
        if port is None:
            raise SourceLost(f"port {self._settings.port} is not open")
        heard = framed = due = expected = time.monotonic()
        complained = False
        if self._duty:
            self._duty.begin(heard)
        while not self._ending:
            self._progress.turn(self._settings.sensor)
            await self._wake_or_sleep(port, heard)
            if self._asks and time.monotonic() >= due:
                due = time.monotonic() + self._every
                await port.write(self.driver.poll())
            at, data = await port.read(self._pause(due, expected))
            now = time.monotonic()
            heard = now if data else heard
            expected = now if data or self._sleeps else expected
            framed = now if self._sleeps else framed
            for measurement in self.driver.feed(data):
                framed, complained = now, False
                self.vitals.frame()
                yield Taken(self._settings.sensor, measurement, at)
            if now - expected > self._patience and not self.driver.speaks_at_times:
                silent = f"port {self._settings.port} said nothing for {self._patience:.0f} s"
                raise SourceLost(f"{silent}; check the sensor's power and the wiring (TX to RX)")
            if now - framed > self._patience and heard > framed and not complained:
                complained = True
                self._complain()

    @property
    def _sleeps(self) -> bool:
        return self._duty is not None and not self._duty.is_awake

    @property
    def _asks(self) -> bool:
        return bool(self.driver.request) and not self._sleeps

    async def _wake_or_sleep(self, port: Port, heard: float) -> None:
        """Send what the duty cycle wants to be sent."""
        match self._duty and self._duty.due(time.monotonic(), heard):
            case Command.WAKE:
                await port.write(self.driver.wake)
                self.vitals.woke()
            case Command.SLEEP:
                await port.write(self.driver.sleep)
                self.vitals.slept()
                self.vitals.state = "asleep"

    def _pause(self, due: float, expected: float) -> float:
        """Return how long nothing needs to be done unless bytes come."""
        now = time.monotonic()
        pauses = [_TURN] if self.driver.speaks_at_times else [_TURN, expected + self._patience - now + 0.001]
        if self._asks:
            pauses.append(due - now)
        if self._duty:
            pauses.append(self._duty.pause(now))
        return max(0.0, min(pauses))

    def _complain(self) -> None:
        """Name the likely cause of bytes that are no frames."""
        settings = self._settings
        rejected = ", ".join(f"{cause} {count}" for cause, count in self.driver.rejected.items()) or "nothing"
        self.vitals.state = "unreadable"
        self.vitals.why = (
            f"bytes arrive on {settings.port} but no valid frame in {self._patience:.0f} s (rejected: {rejected}); "
            f"is it really a {settings.driver}, and does its line run at {self.line}?"
        )
        _LOG.warning("sensor %s: %s", settings.sensor, self.vitals.why)
