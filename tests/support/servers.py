"""Real servers for tests: each on a free loopback port with a folder of its own, killable and startable again."""

from __future__ import annotations

import contextlib
import getpass
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

READY_SECONDS = 20.0


def free_port() -> int:
    """Return a TCP port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def found(program: str) -> str:
    """Return the program's path, or skip the test and say which package is missing."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/bin")
    if path is None:
        pytest.skip(f"{program} is not installed; `make test` installs it where it may")
    return path


def answers(url: str) -> Callable[[], bool]:
    """Return a probe that tells whether a URL answers without an error."""

    def probe() -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status < 400)
        return False

    return probe


def listens(port: int) -> Callable[[], bool]:
    """Return a probe that tells whether something listens on a port."""

    def probe() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        return False

    return probe


@dataclass
class Server:
    """A program that serves on a loopback port."""

    command: list[str]
    port: int
    ready: Callable[[], bool]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_SECONDS
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(
                    f"{self.command[0]} did not start:\n{self.log.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it kindly."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=20)
            self.process = None


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    """Start a server and stop it at the end."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


def mosquitto(folder: Path, *, extra: str = "allow_anonymous true\n") -> Server:
    """Return Mosquitto with its configuration written."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "mosquitto.conf"
    config.write_text(
        f"per_listener_settings false\nlistener {port} 127.0.0.1\npersistence false\n"
        f"log_dest stderr\nuser {getpass.getuser()}\n{extra}"
    )
    return Server([found("mosquitto"), "-c", str(config)], port, listens(port), folder / "log")


def influxdb1(folder: Path, *, extra: str = "") -> Server:
    """Return InfluxDB 1.6 with its configuration written."""
    port, rpc = free_port(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "influxdb.toml"
    config.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{rpc}"\n[meta]\ndir = "{folder}/meta"\n'
        f'[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\nindex-version = "tsi1"\n'
        f"[monitor]\nstore-enabled = false\n[subscriber]\nenabled = false\n"
        f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n{extra}'
    )
    program = found("influxd")
    return Server(
        [program, "run", "-config", str(config)], port, answers(f"http://127.0.0.1:{port}/ping"), folder / "log"
    )


def victoria_metrics(folder: Path, *, deduplicate: bool = True) -> Server:
    """Return VictoriaMetrics; deduplicating, it keeps one row a series and millisecond."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        found("victoria-metrics"),
        f"-httpListenAddr=127.0.0.1:{port}",
        f"-storageDataPath={folder}/data",
        "-retentionPeriod=100y",
        "-search.latencyOffset=0s",
        "-memory.allowedBytes=256MiB",
        f"-dedup.minScrapeInterval={'1ms' if deduplicate else '0'}",
        "-loggerLevel=WARN",
    ]
    return Server(command, port, answers(f"http://127.0.0.1:{port}/health"), folder / "log")
