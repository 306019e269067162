"""The socket on which systemd hears that a service is ready, alive or stopping, played for tests."""

from __future__ import annotations

import contextlib
import queue
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

_PATIENCE = 20.0
_BLINK = 0.05


class NotifySocket:
    """Hears what a service says to systemd, in a thread, since a sender waits where nobody listens."""

    def __init__(self, folder: Path) -> None:
        """Listen in a folder whose path is short enough for a socket's address."""
        self.path = folder / "notify"
        self._said: queue.Queue[str] = queue.Queue(10_000)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.settimeout(_BLINK)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="notify")
        self._thread.start()

    def _listen(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                self._said.put_nowait(self._socket.recv(4096).decode())

    def next(self) -> str:
        """Return the next message; fails where none comes."""
        return self._said.get(timeout=_PATIENCE)

    def until(self, word: str) -> str:
        """Return the next message that begins with a word, passing over others."""
        while not (said := self.next()).startswith(word):
            pass
        return said

    def waiting(self) -> list[str]:
        """Return what was said and not yet asked for."""
        said = []
        with contextlib.suppress(queue.Empty):
            while True:
                said.append(self._said.get_nowait())
        return said

    def close(self) -> None:
        """Hear no more."""
        self._over.set()
        self._thread.join()
        self._socket.close()


@contextlib.contextmanager
def listening() -> Iterator[NotifySocket]:
    """Make a socket and take it away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="notify"))
    heard = NotifySocket(folder)
    try:
        yield heard
    finally:
        heard.close()
        shutil.rmtree(folder)
