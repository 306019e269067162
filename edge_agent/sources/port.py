"""The one door to pyserial: a port that is opened exclusively, read with a deadline, and lost with a reason."""

from __future__ import annotations

import contextlib
import errno
import time
from pathlib import Path

import serial

from drivers.driver import LineSettings
from edge_agent.errors import SourceLost

READ_SECONDS = 0.5
"""The longest that one read may block."""

_LARGEST_READ = 4096
_BY_ID = Path("/dev/serial/by-id")


class Port:
    """A serial port; every method blocks, so it belongs in a thread."""

    def __init__(self, path: str, line: LineSettings) -> None:
        """Open the port for nobody else; raises SourceLost with what to look at."""
        self._path = path
        try:
            self._serial = serial.Serial(
                path,
                line.baud,
                bytesize=line.data_bits,
                parity=line.parity,
                stopbits=line.stop_bits,
                timeout=READ_SECONDS,
                write_timeout=READ_SECONDS,
                exclusive=True,
            )
        except (serial.SerialException, OSError, ValueError) as error:
            raise SourceLost(f"port {path} cannot be opened: {_remedy(error)}") from error

    def read(self) -> tuple[int, bytes]:
        """Return the monotonic nanoseconds of arrival and at most 4 KiB, nothing if the deadline passed."""
        try:
            data = self._serial.read(1)
            at = time.monotonic_ns()
            if data:
                data += self._serial.read(min(self._serial.in_waiting, _LARGEST_READ - 1))
        except (serial.SerialException, OSError, TypeError) as error:
            raise SourceLost(f"port {self._path} is gone ({error}); is it unplugged?") from error
        return at, data

    def write(self, data: bytes) -> None:
        """Send bytes; raises SourceLost."""
        try:
            self._serial.write(data)
        except (serial.SerialException, OSError) as error:
            raise SourceLost(f"port {self._path} takes no bytes ({error}); is it unplugged?") from error

    def leave(self, farewell: bytes) -> None:
        """Send a farewell, if there is one and still somebody to hear it, and close the port."""
        with contextlib.suppress(SourceLost):
            if farewell:
                self.write(farewell)
        self._serial.close()


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
    return str(error)
