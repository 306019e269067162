"""Serial ports for tests: a pseudo-terminal behind a symlink, that can be unplugged and plugged in again."""

from __future__ import annotations

import contextlib
import os
import select
import tty
from collections.abc import Iterator
from pathlib import Path


class Plug:
    """A device's end of a serial line; the agent's end is opened through a symlink of a stable name."""

    def __init__(self, link: Path) -> None:
        """Take the symlink's path; nothing is plugged in yet."""
        self.link = link
        self._master: int | None = None
        self._slave: int | None = None

    def plug_in(self) -> None:
        """Make a new pseudo-terminal and point the symlink at it."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        """Take the device away as pulling its cable does: reads fail and the name is gone."""
        self.link.unlink(missing_ok=True)
        for end in (self._master, self._slave):
            if end is not None:
                os.close(end)
        self._master = self._slave = None

    def say(self, data: bytes) -> None:
        """Put bytes on the line."""
        assert self._master is not None
        os.write(self._master, data)

    def jam(self) -> None:
        """Let the device take no more bytes, as one that hangs does."""
        assert self._slave is not None
        os.set_blocking(self._slave, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self._slave, bytes(1024))

    def clear(self) -> None:
        """Let the device take bytes again."""
        assert self._master is not None
        while select.select([self._master], [], [], 0)[0]:
            os.read(self._master, 4096)

    def heard(self, size: int, *, seconds: float = 10.0) -> bytes:
        """Return the next `size` bytes that the agent wrote; fails where they do not come in time."""
        assert self._master is not None
        data = b""
        while len(data) < size:
            ready, _, _ = select.select([self._master], [], [], seconds)
            assert ready, f"only {data!r} was written"
            data += os.read(self._master, size - len(data))
        return data


@contextlib.contextmanager
def plugged(link: Path) -> Iterator[Plug]:
    """Plug a device in and take it away at the end."""
    plug = Plug(link)
    plug.plug_in()
    try:
        yield plug
    finally:
        plug.unplug()


def sds011(pm2_5: float, pm10: float) -> bytes:
    """Return a frame of an SDS011 dust sensor."""
    body = round(pm2_5 * 10).to_bytes(2, "little") + round(pm10 * 10).to_bytes(2, "little") + b"\x58\xd9"
    return b"\xaa\xc0" + body + bytes([sum(body) & 0xFF, 0xAB])


def mhz19b(co2: int) -> bytes:
    """Return an answer of an MH-Z19B CO2 sensor."""
    body = b"\x86" + co2.to_bytes(2, "big") + bytes(4)
    return b"\xff" + body + bytes([-sum(body) & 0xFF])
