"""A sensor on a serial port: the port's bytes through the sensor's driver, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Self, TypeVar

from drivers.catalogue import load
from edge_agent.config import SerialSensor
from edge_agent.errors import SourceLost
from edge_agent.sources.port import Port
from edge_agent.sources.source import Vitals
from edge_agent.taken import Taken
from service.progress import Progress

_LOG = logging.getLogger(__name__)
_PATIENCE = 60.0
"""Seconds without a byte after which the port is opened anew, and without a frame after which a cause is named."""

Answer = TypeVar("Answer")


class SerialPort:
    """Source: opens the port, asks if the sensor needs asking, and yields what the driver understands."""

    def __init__(self, settings: SerialSensor, progress: Progress) -> None:
        """Take the settings; nothing is opened yet."""
        self._settings = settings
        self._progress = progress
        self._driver = load(settings.driver)(**settings.options)
        self.line = replace(self._driver.line, baud=settings.baud or self._driver.line.baud)
        """How the line is set: the driver's way, but for the speed that the settings name."""
        self._every = settings.poll_seconds or self._driver.interval
        self._patience = max(_PATIENCE, 10 * self._every)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"port-{settings.sensor}")
        self._port: Port | None = None
        self._ending = False
        self.vitals = Vitals(settings.sensor, rejected=self._driver.rejected)

    async def __aenter__(self) -> Self:
        """Open the port, forget what was half-heard before, and greet the sensor; raises SourceLost."""
        self._port = await self._blocking(lambda: Port(self._settings.port, self.line))
        self._driver.scanner.forget()
        try:
            if self._driver.opening:
                await self._write(self._driver.opening)
        except BaseException:
            await self._leave(b"")
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Take leave of the sensor and close the port."""
        await self._leave(self._driver.closing)

    async def _leave(self, farewell: bytes) -> None:
        port, self._port = self._port, None
        if port is not None:
            await self._blocking(lambda: port.leave(farewell))

    def end(self) -> None:
        """Let `readings` return after the read that is under way."""
        self._ending = True

    async def readings(self) -> AsyncGenerator[Taken, None]:
        """Yield readings; raises SourceLost when the port goes away or falls silent."""
        sensor = self._settings.sensor
        heard = framed = polled = time.monotonic()
        polled -= self._every
        complained = False
        while not self._ending:
            self._progress.turn(sensor)
            if time.monotonic() - polled >= self._every:
                polled = time.monotonic()
                await self._poll()
            at, data = await self._read()
            now = time.monotonic()
            heard = now if data else heard
            for measurement in self._driver.feed(data):
                framed, complained = now, False
                self.vitals.frame()
                yield Taken(sensor, measurement, at)
            if now - heard > self._patience:
                silent = f"port {self._settings.port} said nothing for {self._patience:.0f} s"
                raise SourceLost(f"{silent}; check the sensor's power and the wiring (TX to RX)")
            if now - framed > self._patience and not complained:
                complained = True
                self._complain()

    def _complain(self) -> None:
        """Name the likely cause of bytes that are no frames."""
        settings = self._settings
        rejected = ", ".join(f"{cause} {count}" for cause, count in self._driver.rejected.items()) or "nothing"
        self.vitals.state = "unreadable"
        self.vitals.why = (
            f"bytes arrive on {settings.port} but no valid frame in {self._patience:.0f} s (rejected: {rejected}); "
            f"is it really a {settings.driver}, and does its line run at {self.line}?"
        )
        _LOG.warning("sensor %s: %s", settings.sensor, self.vitals.why)

    async def _poll(self) -> None:
        request = self._driver.poll()
        if request:
            await self._write(request)

    async def _read(self) -> tuple[int, bytes]:
        port = self._opened()
        return await self._blocking(port.read)

    async def _write(self, data: bytes) -> None:
        port = self._opened()
        await self._blocking(lambda: port.write(data))

    def _opened(self) -> Port:
        if self._port is None:
            raise SourceLost(f"port {self._settings.port} is not open")
        return self._port

    async def _blocking(self, call: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
