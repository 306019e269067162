"""An HTTP gate before the database: passes writes on, or answers them from a script as a database in trouble would."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One answer in place of the database's; status 0 resets the connection."""

    status: int
    body: bytes = b'{"error":"scripted"}'
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Write:
    """One write that came by: when, how many lines, and what it was answered."""

    at: float
    lines: int
    status: int


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Stay silent where a client hangs up."""


class Gate:
    """Speaks for a database on another port; understands /api/v2/write as /write, as InfluxDB 1.8 does."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.script: deque[Trouble] = deque()
        self.always: Trouble | None = None
        self.most_lines = 0
        """Writes of more lines are answered 413; 0 sets no bound."""
        self.writes: list[Write] = []
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="gate")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def trouble(self, lines: int) -> Trouble | None:
        """Return what to answer a write instead of passing it on."""
        if self.script:
            return self.script.popleft()
        if self.most_lines and lines > self.most_lines:
            return Trouble(413)
        return self.always

    def __enter__(self) -> Gate:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _rewritten(path: str) -> str:
    """Return where a request goes: the v2 write is the v1 write under other names."""
    url = urlsplit(path)
    if url.path != "/api/v2/write":
        return path
    query = dict(parse_qsl(url.query))
    return "/write?" + urlencode({"db": query.get("bucket", ""), "precision": query.get("precision", "ns")})


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_write = urlsplit(self.path).path.endswith("/write")
            lines = body.count(b"\n") + (not body.endswith(b"\n"))
            trouble = gate.trouble(lines) if is_write else None
            try:
                answer = self._passed_on(body) if trouble is None else _said(trouble)
            except OSError:
                answer = (0, b"", {})
            if is_write:
                gate.writes.append(Write(time.monotonic(), lines, answer[0]))
            self._answer(*answer)

        def _passed_on(self, body: bytes) -> tuple[int, bytes, Mapping[str, str]]:
            link = http.client.HTTPConnection("127.0.0.1", gate.target, timeout=60)
            with contextlib.closing(link):
                kept = {name: self.headers[name] for name in ("Content-Type", "Content-Encoding") if self.headers[name]}
                link.request(self.command, _rewritten(self.path), body, kept)
                answer = link.getresponse()
                return answer.status, answer.read(), {}

        def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            if not status:
                self.close_connection = True
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                self.connection.close()
                return
            with contextlib.suppress(OSError):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        do_GET = do_POST = handle_any  # noqa: N815  the names that http.server calls

    return Handler


def _said(trouble: Trouble) -> tuple[int, bytes, Mapping[str, str]]:
    return trouble.status, trouble.body, trouble.headers
