"""Sensors plugged into pseudo-terminals: a device spoken to through a symlink of a stable name.

The simulator keeps the other end open, so that a reader may close and open again; a frame for which there is no room
is lost, as on a wire that nobody reads.
"""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from termios import FIONREAD

from simulation.devices.device import Device, Frame
from simulation.faults import Faults

UNREAD = 2048
"""Bytes that may lie unread before frames are lost."""
_LONGEST_SLEEP = 3600.0


@dataclass(frozen=True, slots=True)
class Emission:
    """One frame at a time of the monotonic clock, and the bytes of it that went onto the wire."""

    time: float
    frame: Frame
    sent: bytes

    @property
    def intact(self) -> bool:
        """Whether the whole frame went onto the wire unharmed."""
        return self.sent == self.frame.raw


Ledger = Callable[[Emission], None]


def no_ledger(emission: Emission) -> None:
    """Forget an emission."""


class Terminal:
    """A raw pseudo-terminal under a symlink."""

    def __init__(self, link: Path) -> None:
        """Open the pair and replace the symlink; raises OSError."""
        self.link = link
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self._name = os.ttyname(self._slave)
        link.unlink(missing_ok=True)
        link.symlink_to(self._name)

    def send(self, data: bytes) -> bytes:
        """Write without waiting and return what went out: all, or nothing while too much lies unread."""
        waiting = int.from_bytes(ioctl(self._slave, FIONREAD, bytes(4)), "little")
        if waiting + len(data) > UNREAD:
            return b""
        try:
            return data[: os.write(self.master, data)]
        except BlockingIOError:
            return b""

    def heard(self) -> bytes:
        """Return what the reader has written, perhaps nothing."""
        try:
            return os.read(self.master, 4096)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Close the pair and remove the symlink if it is still this one's."""
        with suppress(OSError):
            if self.link.readlink() == Path(self._name):
                self.link.unlink()
        os.close(self.master)
        os.close(self._slave)


class Sensor:
    """A device on a terminal."""

    def __init__(self, device: Device, terminal: Terminal, *, ledger: Ledger, faults: Faults) -> None:
        self._device, self._terminal, self._ledger, self._faults = device, terminal, ledger, faults
        self._disturbed = asyncio.Event()
        self._start = 0.0

    async def run(self) -> None:
        """Speak when due and answer when asked, until cancelled."""
        loop = asyncio.get_running_loop()
        self._start = loop.time()
        loop.add_reader(self._terminal.master, self._hear)
        try:
            while True:
                await self._wait(self._device.due - self._now())
                if self._device.due <= self._now():
                    self._emit(self._device.speak(self._now()))
        finally:
            loop.remove_reader(self._terminal.master)

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._start

    async def _wait(self, seconds: float) -> None:
        """Wait until the device is due, or until it has heard something that may have changed when that is."""
        self._disturbed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(max(seconds, 0.0), _LONGEST_SLEEP)):
                await self._disturbed.wait()

    def _hear(self) -> None:
        self._emit(self._device.hear(self._terminal.heard(), self._now()))
        self._disturbed.set()

    def _emit(self, frames: tuple[Frame, ...]) -> None:
        for frame in frames:
            sent = self._terminal.send(self._faults.carried(frame.raw, self._now()))
            self._ledger(Emission(asyncio.get_running_loop().time(), frame, sent))


@asynccontextmanager
async def plugged(
    device: Device, link: Path, *, ledger: Ledger = no_ledger, faults: Faults | None = None
) -> AsyncIterator[Path]:
    """Keep a device speaking behind a symlink, which can be opened at once and is gone at the end."""
    terminal = Terminal(link)
    try:
        async with asyncio.TaskGroup() as group:
            sensor = Sensor(device, terminal, ledger=ledger, faults=faults or Faults())
            task = group.create_task(sensor.run(), name=f"sensor {link.name}")
            try:
                yield link
            finally:
                task.cancel()
    finally:
        terminal.close()
