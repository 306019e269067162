"""A test bed: sensors with a ledger, an agent, a broker, a hub and a database, with fault proxies where wanted."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import found as finding
from tests.faults.ear import ACK, BATCH, Ear
from tests.faults.found import Found
from tests.faults.oracle import ShiftNs, judge, no_shift
from tests.faults.program import Program
from tests.faults.proxy import Proxy
from tests.faults.result import Result
from tests.faults.station import Station
from tests.support import servers
from tests.support.rig import AGENT, SITE, wait_until
from tests.support.servers import Server

DRAIN_SECONDS = 120.0


@dataclass(frozen=True)
class Setup:
    """What a case wants different."""

    broker: str = "allow_anonymous true\n"
    influx: str = ""
    agent: str = ""
    hub: str = ""
    registration: str = 'registration = "open"'
    spool: str = ""
    clock: str = 'trust = "rtc"'
    health_seconds: int = 3600
    resend_seconds: int = 2
    sensors: int = 8
    rate: float = 24.0
    store_url: str = ""
    """Where the hub writes; the database itself, or through its proxy, if empty."""
    proxies: frozenset[str] = frozenset()
    """Of `agent`, `hub` (both to the broker) and `store`."""
    database_folder: Path | None = None
    spool_folder: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)
    """Of the agent."""
    agent_port: int = 0
    """Another port of the broker than the one that takes everybody."""
    agent_broker: str = ""
    """More lines on how the agent reaches the broker."""
    broken_agent: str = ""
    broken_hub: str = ""
    """Which variant of tests/faults/broken.py to run in its place."""


class Bed:
    """One agent on one hub; `__enter__` starts everything and waits until readings are stored."""

    def __init__(self, folder: Path, setup: Setup) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.setup = folder, setup
        self.broker = servers.mosquitto(folder / "mosquitto", extra=setup.broker)
        self.influx = servers.influxdb1(setup.database_folder or folder / "influxdb", extra=setup.influx)
        self.station = Station(folder / "by-id", sensors=setup.sensors, rate=setup.rate)
        mine = f"simpang/v1/{SITE}/{AGENT}"
        self.ear = Ear(self.broker.port, f"{mine}/{BATCH}", f"{mine}/{ACK}")
        self.proxy = {name: Proxy(self._behind(name)) for name in sorted(setup.proxies)}
        self.spool = (setup.spool_folder or folder) / "spool.db"
        self.agent, self.hub = self._agent(), self.made_hub("hub")
        self.random = random.Random(20_261_126)
        self.wrong = ""
        """What a case saw that no count shows."""
        self.last_found = Found()
        self.hostile_rows: list[Mapping[str, Any]] = []
        self._stack = ExitStack()

    def _behind(self, name: str) -> int:
        ports = {"store": self.influx.port, "agent": self.setup.agent_port or self.broker.port}
        return ports.get(name, self.broker.port)

    def _port_for(self, name: str) -> int:
        return self.proxy[name].port if name in self.proxy else self._behind(name)

    def _agent(self) -> Program:
        setup = self.setup
        (self.folder / "agent.toml").write_text(
            f'site = "{SITE}"\nagent = "{AGENT}"\n[broker]\nhost = "127.0.0.1"\nport = {self._port_for("agent")}\n'
            f'{setup.agent_broker}[spool]\npath = "{self.spool}"\n{setup.spool}\n[clock]\n{setup.clock}\n'
            f"[health]\nevery = {setup.health_seconds}\n[uplink]\nresend_seconds = {setup.resend_seconds}\n"
            f"{setup.agent}\n{self.station.toml()}"
        )
        module = ["tests.faults.broken", setup.broken_agent, "agent"] if setup.broken_agent else ["edge_agent.cli"]
        return self._program(module, "agent", setup.environment)

    def made_hub(self, name: str) -> Program:
        """Return a hub of its own name on the same broker and store."""
        url = self.setup.store_url or f"http://127.0.0.1:{self._port_for('store')}"
        (self.folder / f"{name}.toml").write_text(
            f'{self.setup.registration}\n[broker]\nhost = "127.0.0.1"\nport = {self._port_for("hub")}\n'
            f'[store]\nkind = "influxdb1"\nurl = "{url}"\n'
            f'[dead_letter]\npath = "{self.folder}/dead-letter-{name}.jsonl"\n{self.setup.hub}'
        )
        module = ["tests.faults.broken", self.setup.broken_hub, "hub"] if self.setup.broken_hub else ["hub.cli"]
        return self._program(module, name, {})

    def _program(self, module: list[str], name: str, environment: dict[str, str]) -> Program:
        settings, status = self.folder / f"{name}.toml", self.folder / f"{name}.json"
        arguments = [*module, "run", "--config", str(settings), "--status-file", str(status)]
        return Program(arguments, self.folder / f"{name}.log", environment=environment)

    def __enter__(self) -> Bed:
        with ExitStack() as stack:
            for proxy in self.proxy.values():
                stack.enter_context(proxy)
            stack.callback(self.station.close)
            for server in (self.broker, self.influx):
                stack.callback(ended, server)
                server.start()
            self.ear.start()
            stack.callback(self.ear.close)
            for program in (self.hub, self.agent):
                stack.callback(ended, program)
                program.start()
            self.station.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def wait_for_first(self) -> None:
        """Wait until readings go all the way."""
        self.wait(self.station.all_listened, "an agent that listens to all its sensors")
        self.wait(lambda: self.ear.heard[ACK], "a first acknowledgement")

    def wait(self, true: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
        """Wait, and measure the hub meanwhile."""

        def looked() -> Any:
            self.hub.rss()
            self.agent.rss()
            return true()

        return wait_until(looked, what, seconds)

    def run_for(self, seconds: float) -> None:
        """Let everything run."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.hub.rss()
            self.agent.rss()
            time.sleep(min(0.25, left))

    def after(self, channel: str, at: float, seconds: float = 90.0) -> float:
        """Return how long after a time a channel was heard again."""
        return float(self.wait(lambda: self.ear.first_after(channel, at), f"{channel} after a fault", seconds)) - at

    def agent_says(self) -> dict[str, Any]:
        """Return the agent's status file."""
        return said(self.folder / "agent.json")

    def hub_says(self) -> dict[str, Any]:
        """Return the hub's status file."""
        return said(self.folder / "hub.json")

    def waiting(self) -> int:
        """Return how many readings the agent says wait."""
        held = self.agent_says().get("waiting", {})
        return int(held.get("readings", 1)) + int(held.get("undated", 0))

    def drain(self, seconds: float = DRAIN_SECONDS) -> float:
        """Let the sensors be silent, wait until the spool is empty and return how long that took."""
        self.station.hush()
        begun = time.monotonic()
        time.sleep(2.5)  # a commit, and a status file that knows of it
        self.wait(lambda: self.waiting() == 0, "an empty spool", seconds)
        return time.monotonic() - begun

    def judged(self, result: Result, *, shift: ShiftNs = no_shift, before: float = 1.0) -> Result:
        """End the agent and have the oracle judge what is found."""
        self.station.hush()
        self.agent.stop()
        self.last_found = self.found()
        judge(result, self.station.ledger, self.last_found, shift=shift, before=before)
        self._demand_truth(result)
        return result

    def _demand_truth(self, result: Result) -> None:
        """Demand that the agent's last word on what waits is true; what was refused in part waits to be told."""
        says, waits = self.waiting(), self.last_found.waiting
        refused = any(gap.cause == "refused" for gap in self.last_found.gaps)
        true = 0 <= says <= waits if refused else says == waits
        result.demand(true, f"I8 the agent says that {says} readings wait, {waits} do")

    def found(self) -> Found:
        """Return what is found; the agent must have ended."""
        found = Found()
        finding.in_database(found, self.influx)
        finding.in_spool(found, self.spool)
        for letters in self.folder.glob("dead-letter-*.jsonl"):
            finding.in_dead_letters(found, letters)
        return found


def ended(part: Server | Program) -> None:
    """Stop what still runs, also what is frozen."""
    process = part.process if isinstance(part, Server) else part.running
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGCONT)
    part.stop()


def said(file: Path) -> dict[str, Any]:
    """Return a status file, empty before the first."""
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError):
        return {}


@contextmanager
def bed(folder: Path, setup: Setup | None = None, *, first: bool = True) -> Iterator[Bed]:
    """Yield a running bed, through which readings already go."""
    with Bed(folder, setup or Setup()) as made:
        if first:
            made.wait_for_first()
        yield made
