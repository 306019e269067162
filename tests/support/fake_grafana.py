"""A small Grafana on a loopback port: keeps what it is sent, checks credentials, records every call."""

from __future__ import annotations

import contextlib
import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PASSWORD = "rahasia-uji"
TOKEN = "glsa_uji"
_ALLOWED = {f"Bearer {TOKEN}", f"Basic {b64encode(f'admin:{PASSWORD}'.encode()).decode()}"}


@dataclass
class FakeGrafana:
    """What was asked (method and path) and what is kept, by path."""

    port: int = 0
    calls: list[tuple[str, str]] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    refuse: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Status and message for writes to a path."""

    below: str = ""
    """The path that it is served under."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] != "GET"]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Return status and body for an authorised request."""
        if method == "GET":
            return (200, self.kept[path]) if path in self.kept else (404, {"message": "not found"})
        if path in self.refuse:
            status, message = self.refuse[path]
            return status, {"message": message}
        self.kept[_place(path, body)] = body
        return 200, {"status": "success"}


def _place(path: str, body: Any) -> str:
    """Return where something that was sent can be found again."""
    match path:
        case "/api/dashboards/db":
            return f"/api/dashboards/uid/{body['dashboard']['uid']}"
        case "/api/datasources":
            return f"/api/datasources/uid/{body['uid']}"
        case "/api/folders":
            return f"/api/folders/{body['uid']}"
    return path


def _handler(fake: FakeGrafana) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null")
            fake.calls.append((self.command, self.path))
            path = self.path.removeprefix(fake.below)
            status, said = 200, {"database": "ok", "version": "10.1.0"}
            if path != "/api/health":
                authorised = self.headers.get("Authorization") in _ALLOWED
                status, said = fake.answer(self.command, path, body) if authorised else (401, {"message": "no"})
            text = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - names that http.server looks for

        def log_message(self, *said: object) -> None:
            """Say nothing."""

    return Handler


@contextlib.contextmanager
def running() -> Iterator[FakeGrafana]:
    """Serve until the end of the block."""
    fake = FakeGrafana()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake)) as server:
        fake.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="fake-grafana")
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
