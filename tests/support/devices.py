"""Devices on pseudo-terminals that talk by themselves or answer questions, each in a thread of its own."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

Answer = Callable[[bytes], bytes]


def silent(_: bytes) -> bytes:
    """Answer nothing."""
    return b""


def garbled(data: bytes) -> bytes:
    """Return what a line at another speed makes of bytes: fewer or more of them, and none as it was."""
    return bytes((byte * 7 + 13) % 256 | 0x80 for byte in data[::2])


class Device:
    """Says its frames in turn, one every so many seconds, and answers what it is asked.

    With a `baud` it behaves as a wire does: at another speed its words are garbled, and it does not understand.
    """

    def __init__(
        self, link: Path, frames: Sequence[bytes] = (), *, every: float = 0.1, answer: Answer = silent, baud: int = 0
    ) -> None:
        self._frames = cycle(frames) if frames else None
        self._every = every
        self._answer = answer
        self._baud = getattr(termios, f"B{baud}") if baud else None
        self.asked = bytearray()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        link.symlink_to(os.ttyname(self._slave))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"device-{link.name}")
        self._thread.start()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._over.is_set():
            left = max(0.0, due - time.monotonic()) if self._frames else 0.05
            if select.select([self._master], [], [], min(left, 0.05))[0]:
                question = os.read(self._master, 4096)
                self.asked += question
                self._say(self._answer(question) if self._is_at_its_speed() else b"")
            if self._frames and time.monotonic() >= due:
                due += self._every
                frame = next(self._frames)
                self._say(frame if self._is_at_its_speed() else garbled(frame))

    def _is_at_its_speed(self) -> bool:
        return self._baud in (None, termios.tcgetattr(self._slave)[5])

    def _say(self, data: bytes) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def close(self) -> None:
        """End the thread and take the device away."""
        self._over.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)


@contextlib.contextmanager
def device(
    link: Path, frames: Sequence[bytes] = (), *, every: float = 0.1, answer: Answer = silent, baud: int = 0
) -> Iterator[Device]:
    """Plug a device in, and take it away at the end."""
    plugged = Device(link, frames, every=every, answer=answer, baud=baud)
    try:
        yield plugged
    finally:
        plugged.close()
