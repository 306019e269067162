"""Servers that do not listen to what they are told."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def unread() -> Iterator[str]:
    """Yield the URL of a server that takes connections and reads nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield _url(server)


@contextlib.contextmanager
def crowded() -> Iterator[str]:
    """Yield the URL of a server whose queue of connections is full."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield _url(server)


def _url(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"
