"""The hub as a process of its own, for tests, with settings that name one agent."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_AGENT = '[[agent]]\nsite = "simpang-empat"\nagent = "se-1"\n'


def written(folder: Path, port: int, store: str) -> Path:
    """Write a hub's settings with a [store] table, and return the file."""
    path = folder / "hub.toml"
    path.write_text(
        f'[broker]\nhost = "127.0.0.1"\nport = {port}\n[store]\n{store}\n{_AGENT}'
        f'[dead_letter]\npath = "{folder}/dead-letter.jsonl"\n'
    )
    return path


def embedded(folder: Path, port: int) -> Path:
    return written(folder, port, f'kind = "embedded"\npath = "{folder}/city.duckdb"')


def influx(folder: Path, port: int, url: str) -> Path:
    return written(folder, port, f'kind = "influxdb1"\nurl = "{url}"')


def victoria(folder: Path, port: int, url: str, durable_after: float) -> Path:
    return written(folder, port, f'kind = "victoriametrics"\nurl = "{url}"\ndurable_after = {durable_after}')


@contextmanager
def hub(config: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a hub, and kill it at the end if it still runs; its log and status file lie beside its settings."""
    command = [sys.executable, "-m", "hub.cli", "run", "--config", str(config), *more]
    status = ["--status-file", str(config.parent / "hub.json")]
    environment = {name: value for name, value in os.environ.items() if name != "JOURNAL_STREAM"}
    with (
        log_of(config).open("ab") as log,
        subprocess.Popen([*command, *status], stderr=log, env=environment) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def log_of(config: Path) -> Path:
    return config.parent / "hub.log"


def status_of(config: Path) -> dict[str, Any]:
    """Return the hub's figures, empty before the first."""
    with contextlib.suppress(OSError):
        return dict(json.loads((config.parent / "hub.json").read_text()))
    return {}
