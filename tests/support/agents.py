"""An agent as a process of its own, for tests."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from edge_agent.cli import app

_ROOT = Path(__file__).parents[2]
_PATIENCE = 30.0


def settings(folder: Path, *, broker: int, serial: Mapping[str, Path] | None = None, more: str = "") -> Path:
    """Write an agent's settings with SDS011 sensors on some ports, and return the file."""
    sensors = "".join(
        f'[[serial]]\nsensor = "{name}"\ndriver = "sds011"\nport = "{port}"\n' for name, port in (serial or {}).items()
    )
    file = folder / "agent.toml"
    file.write_text(
        f'site = "simpang-empat"\nagent = "se-1"\n[broker]\nhost = "127.0.0.1"\nport = {broker}\n'
        f'[spool]\npath = "{folder / "spool"}"\ncommit_seconds = 0.1\n[clock]\ntrust = "rtc"\n'
        f"[health]\nevery = 1\n{sensors}{more}"
    )
    return file


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of the agent."""
    return [sys.executable, "-m", "edge_agent.cli", *map(str, arguments)]


def run(*arguments: str | Path) -> Result:
    """Run the agent's command in this process to its end."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_apart(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the agent's command as a process to its end."""
    return subprocess.run(
        command(*arguments), cwd=_ROOT, capture_output=True, text=True, timeout=_PATIENCE, check=False
    )


@dataclass
class AgentProcess:
    """A running agent, its log and its status file."""

    process: subprocess.Popen[bytes]
    folder: Path

    def log(self) -> str:
        """Return what it logged so far."""
        return (self.folder / "log").read_text()

    def status(self) -> dict[str, Any]:
        """Return its figures, empty before the first."""
        file = self.folder / "status.json"
        said: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
        return said

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until its figures are so, and return them."""
        deadline = time.monotonic() + _PATIENCE
        while not ((said := self.status()) and holds(said)):
            assert self.process.poll() is None, f"the agent ended:\n{self.log()}"
            assert time.monotonic() < deadline, f"it never was so: {said}\n{self.log()}"
            time.sleep(0.02)
        return said

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(_PATIENCE)


@contextlib.contextmanager
def running(config: Path, **environment: str) -> Iterator[AgentProcess]:
    """Start an agent, and kill it at the end if it still runs."""
    folder = config.parent
    arguments = command("run", "--config", config, "--status-file", folder / "status.json")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(arguments, cwd=_ROOT, stderr=log, env=os.environ | environment)
    try:
        yield AgentProcess(process, folder)
    finally:
        process.kill()
        process.wait()
