"""The one door to pyserial: a port that is opened exclusively, waited for without a thread, and lost with a reason."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import termios
import time
from collections.abc import Callable
from pathlib import Path

import serial

from drivers.driver import LineSettings
from edge_agent.errors import SourceLost

WRITE_SECONDS = 0.5
"""How long a device may take to accept bytes."""

_LARGEST_READ = 4096
_BY_ID = Path("/dev/serial/by-id")

Tap = Callable[[str, bytes, int], None]
"""Takes "rx" or "tx", the bytes and the monotonic nanoseconds."""

_Watch = Callable[[int, Callable[[], None]], None]


class Port:
    """An open serial port; the event loop wakes whoever waits for it."""

    def __init__(self, path: str, line: LineSettings) -> None:
        """Open the port for nobody else; this may block. Raises SourceLost with what to look at."""
        self._path = path
        try:
            self._serial = serial.Serial(
                path,
                line.baud,
                bytesize=line.data_bits,
                parity=line.parity,
                stopbits=line.stop_bits,
                timeout=0,
                write_timeout=0,
                exclusive=True,
            )
        except (serial.SerialException, termios.error, OSError, ValueError) as error:
            raise SourceLost(f"port {path} cannot be opened: {_remedy(error)}") from error
        self._fd = self._serial.fileno()
        self._waiting: asyncio.Future[int | None] | None = None
        self.tap: Tap = _ignore
        """Who is told of all bytes, with the monotonic nanoseconds."""

    @classmethod
    async def opened(cls, path: str, line: LineSettings) -> Port:
        """Open a port in a thread; raises SourceLost."""
        return await asyncio.to_thread(cls, path, line)

    async def read(self, seconds: float) -> tuple[int, bytes]:
        """Return the monotonic nanoseconds of arrival and at most 4 KiB, nothing if none came in time."""
        at: int | None = time.monotonic_ns()
        data = self._arrived()
        if not data and seconds > 0:
            loop = asyncio.get_running_loop()
            at = await self._ready(loop.add_reader, loop.remove_reader, seconds)
            if at is not None and not (data := self._arrived()):
                raise SourceLost(f"port {self._path} is gone (no more bytes will come); is it unplugged?")
        if not data or at is None:
            return time.monotonic_ns(), b""
        self.tap("rx", data, at)
        return at, data

    def _arrived(self) -> bytes:
        """Return what has come, perhaps nothing."""
        try:
            return os.read(self._fd, _LARGEST_READ)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise SourceLost(f"port {self._path} is gone ({error}); is it unplugged?") from error

    def set_line(self, line: LineSettings) -> bool:
        """Set the line anew without closing it; return whether the port can be set so. Raises SourceLost."""
        try:
            self._serial.apply_settings(
                {
                    "baudrate": line.baud,
                    "bytesize": line.data_bits,
                    "parity": line.parity,
                    "stopbits": line.stop_bits,
                }
            )
        except (termios.error, ValueError):
            return False
        except (serial.SerialException, OSError) as error:
            raise SourceLost(f"port {self._path} is gone ({error}); is it unplugged?") from error
        return True

    def wake(self) -> None:
        """Let a read that is under way return at once, with nothing."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def write(self, data: bytes) -> None:
        """Send bytes; raises SourceLost."""
        loop = asyncio.get_running_loop()
        if data:
            self.tap("tx", data, time.monotonic_ns())
        while data:
            if await self._ready(loop.add_writer, loop.remove_writer, WRITE_SECONDS) is None:
                raise SourceLost(f"port {self._path} takes no bytes; is it unplugged?")
            try:
                data = data[os.write(self._fd, data) :]
            except OSError as error:
                raise SourceLost(f"port {self._path} takes no bytes ({error}); is it unplugged?") from error

    async def leave(self, farewell: bytes) -> None:
        """Send a farewell, if there is one and still somebody to hear it, and close the port."""
        with contextlib.suppress(SourceLost):
            await self.write(farewell)
        await asyncio.to_thread(self._serial.close)

    async def _ready(self, watch: _Watch, unwatch: Callable[[int], bool], seconds: float) -> int | None:
        """Return the monotonic nanoseconds at which the port became ready, None if it did not in time."""
        ready: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._waiting = ready
        watch(self._fd, lambda: None if ready.done() else ready.set_result(time.monotonic_ns()))
        try:
            async with asyncio.timeout(seconds):
                return await ready
        except TimeoutError:
            return None
        finally:
            unwatch(self._fd)
            self._waiting = None


def _ignore(way: str, data: bytes, at: int) -> None:
    """Tell nobody of bytes."""


def _remedy(error: Exception) -> str:
    """Return what a technician can do about a port that does not open."""
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        present = sorted(p.name for p in _BY_ID.iterdir()) if _BY_ID.is_dir() else []
        return f"it does not exist; is the device plugged in? Present in {_BY_ID}: {', '.join(present) or 'nothing'}"
    if number in (errno.EACCES, errno.EPERM):
        return "no permission; add the user to the group dialout (sudo usermod -aG dialout USER) and log in again"
    if number in (errno.EBUSY, errno.EAGAIN) or "lock" in str(error):
        return f"another program holds it (sudo fuser -v PORT names it): {error}"
    if isinstance(error, termios.error):
        return f"it cannot be set to the speed and parity that the sensor needs ({error})"
    return str(error)
