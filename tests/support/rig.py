"""A city for journeys: real broker and store, the hub and one agent as processes of their own, all killable."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WAIT_SECONDS = 60.0
SITE, AGENT = "simpang-empat", "se-1"


def wait_until(true: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:
    """Return the first true answer, or fail naming what did not come."""
    deadline = time.monotonic() + seconds
    while not (answer := true()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.05)
    return answer


@dataclass
class Process:
    """A Simpang program as a process."""

    arguments: Sequence[str]
    log: Path
    running: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen([sys.executable, "-m", *self.arguments], stdout=log, stderr=log)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it kindly and return its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self.running is None:
            return 0
        self.running.send_signal(number)
        code = self.running.wait(timeout=20)
        self.running = None
        return code

    def words(self) -> str:
        return self.log.read_text(errors="replace")


@dataclass
class City:
    """One hub and one agent on a broker and a store."""

    folder: Path
    broker_port: int
    store: str
    """The hub's [store] table."""
    sensors: str
    """The agent's [[serial]] and [[camera]] tables."""
    extra_agent: str = ""
    extra_hub: str = ""
    health_seconds: int = 3600

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        broker = f'[broker]\nhost = "127.0.0.1"\nport = {self.broker_port}\n'
        (self.folder / "agent.toml").write_text(
            f'site = "{SITE}"\nagent = "{AGENT}"\n{broker}\n'
            f'[spool]\npath = "{self.folder}/spool.db"\n[clock]\ntrust = "rtc"\n'
            f"[health]\nevery = {self.health_seconds}\n"
            f"{self.extra_agent}\n{self.sensors}"
        )
        (self.folder / "hub.toml").write_text(
            f'registration = "open"\n{broker}\n{self.store}\n'
            f'[dead_letter]\npath = "{self.folder}/dead-letter.jsonl"\n{self.extra_hub}'
        )
        self.agent = self._process("edge_agent.cli", "agent")
        self.hub = self._process("hub.cli", "hub")

    def _process(self, module: str, name: str) -> Process:
        settings, status = self.folder / f"{name}.toml", self.folder / f"{name}.json"
        arguments = [module, "run", "--config", str(settings), "--status-file", str(status)]
        return Process(arguments, self.folder / f"{name}.log")

    def __enter__(self) -> City:
        self.hub.start()
        self.agent.start()
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self.agent.stop()
        finally:
            self.hub.stop()

    def agent_says(self) -> dict[str, Any]:
        """Return the agent's status file, empty before the first."""
        return self._says("agent.json")

    def hub_says(self) -> dict[str, Any]:
        """Return the hub's status file, empty before the first."""
        return self._says("hub.json")

    def _says(self, file: str) -> dict[str, Any]:
        try:
            return dict(json.loads((self.folder / file).read_text()))
        except OSError:
            return {}

    def source(self, sensor: str) -> dict[str, Any]:
        """Return how one source is, empty before the agent knows."""
        return next((s for s in self.agent_says().get("sources", ()) if s["sensor"] == sensor), {})

    def wait_for_state(self, sensor: str, *states: str) -> None:
        wait_until(lambda: self.source(sensor).get("state") in states, f"state {states} of {sensor}")

    def wait_for_delivery(self, readings: int) -> None:
        """Wait until the agent has seen so many frames off its sensors and nothing waits in its spool."""

        def delivered() -> bool:
            said = self.agent_says()
            waiting = said.get("waiting", {"readings": 1})
            return bool(said.get("stored", 0) >= readings and waiting["readings"] == 0)

        wait_until(delivered, f"delivery of {readings} readings; agent says {self.agent_says()}")
