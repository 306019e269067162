"""A small HTTP server on loopback that answers from a script, also rudely."""

from __future__ import annotations

import contextlib
import gzip
import os
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server does with one request."""

    status: int = 204
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    until: threading.Event | None = None
    """Answer only once this is set, or when the server ends."""
    reset: bool = False
    """Reset the connection instead of answering."""
    unread: bool = False
    """Answer without reading the request's body."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class ScriptedHttp:
    """Answers writes from the script, then with `otherwise`; every other request with `elsewhere`."""

    def __init__(
        self,
        script: Iterable[Answer] = (),
        *,
        otherwise: Answer | None = None,
        elsewhere: Mapping[str, Answer] | None = None,
    ) -> None:
        self.script = deque(script)
        self.otherwise = otherwise or Answer()
        self.elsewhere = dict(elsewhere or {})
        self.asked: list[Asked] = []
        self.ending = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="scripted-http")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def writes(self) -> list[Asked]:
        """What was written, in order."""
        return [asked for asked in self.asked if asked.path.endswith("/write")]

    def lines(self) -> list[bytes]:
        """All lines that were ever written."""
        return [line for asked in self.writes for line in asked.body.splitlines(keepends=True)]

    def answer_to(self, method: str, path: str) -> Answer:
        """Return what to do with a request; places elsewhere are named `METHOD path`."""
        if path.endswith("/write"):
            return self.script.popleft() if self.script else self.otherwise
        return self.elsewhere.get(f"{method} {path}") or Answer(404)

    def __enter__(self) -> ScriptedHttp:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def refusing() -> str:
    """Return a URL where nothing listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


def _handler(scripted: ScriptedHttp) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            url = urlsplit(self.path)
            answer = scripted.answer_to(self.command, url.path)
            body = b"" if answer.unread else self._body()
            query = dict(parse_qsl(url.query))
            scripted.asked.append(Asked(self.command, url.path, query, dict(self.headers), body))
            if answer.until is not None:
                _wait(answer.until, scripted.ending)
            if answer.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                os.close(self.connection.detach())
                return
            with contextlib.suppress(OSError):
                self._say(answer)

        def _body(self) -> bytes:
            said = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return gzip.decompress(said) if self.headers.get("Content-Encoding") == "gzip" else said

        def _say(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        do_GET = do_POST = handle_any  # noqa: N815  the names that http.server calls

    return Handler


def _wait(event: threading.Event, ending: threading.Event) -> None:
    while not event.wait(0.02) and not ending.is_set():
        pass
