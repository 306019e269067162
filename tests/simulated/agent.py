"""An agent's machine in the simulated world: it is switched on, killed, rebooted, and gets a new card."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from edge_agent.delivery.committer import Committer
from edge_agent.errors import SpoolUnwritable
from edge_agent.taken import Taken
from telemetry.quantity import Family
from telemetry.reading import Measurement, Place
from tests.simulated.adapter import AgentParts
from tests.simulated.host import Host
from tests.simulated.ledger import hold
from tests.simulated.oracle import Oracle
from tests.simulated.process import Process
from tests.simulated.settings import Settings
from tests.support.spooling import rot

_RESTART_SECONDS = 2.0
_TROUBLE_LASTS = 5.0


class AgentMachine:
    """Keeps an agent running, as systemd does."""

    def __init__(self, place: Place, host: Host, oracle: Oracle, folder: Path, settings: Settings, seed: str) -> None:
        self.place = place
        self.host = host
        self.oracle = oracle
        self.process: Process | None = None
        self.parts: AgentParts | None = None
        self.restart_seconds = _RESTART_SECONDS
        self.is_sampling = True
        self.on_start: Callable[[], None] = lambda: None
        self._stop = asyncio.Event()
        self._folder = folder
        self._settings = settings
        self._rng = random.Random(seed)
        self._readings = 0
        self._cards = 0
        self._is_new_card = True
        self._is_rotten = False

    @property
    def path(self) -> Path:
        return self._folder / f"card-{self._cards}" / "spool"

    async def keep(self) -> None:
        """Run the agent, again and again; raises what it dies of by itself."""
        while True:
            self._insert_card()
            process = self.process = Process(f"agent {self.place.agent}", self.host)
            self._stop.clear()
            main = process.start(self._main())
            await asyncio.wait([main])
            if process.alive and not _ended_by_refusal(main):
                main.result()
            self._end(process)
            await asyncio.sleep(self.restart_seconds)
            self.restart_seconds = _RESTART_SECONDS
            self.on_start()

    def _insert_card(self) -> None:
        """Go on with the files as they lie there, or with an empty card."""
        old = self.path.parent
        self._cards += 1
        if self._is_new_card:
            self.path.parent.mkdir()
            self.oracle.is_new_card, self.oracle.damaged = True, ""
        else:
            shutil.copytree(old, self.path.parent, ignore=shutil.ignore_patterns("*.lock", "*-shm"))
        if self._is_rotten and not self.oracle.is_coming_over and self.path.exists() and rot(self.path):
            self.oracle.damage()
        self._is_new_card = self._is_rotten = False
        if self.parts is not None:
            self.parts.abandon()
        self.parts = None

    async def _main(self) -> None:
        self.parts = AgentParts(self.place, self.host, self.oracle, self.path, self._settings)
        await self.parts.run(self._stop, lambda committer: [self._sense(s, committer) for s in self._settings.sensors])

    def rot(self) -> None:
        """Let the spool be found damaged when the agent begins next."""
        self._is_rotten = True

    def kill(self, *, reboot: bool = False, new_card: bool = False, seconds: float = _RESTART_SECONDS) -> None:
        """Kill the agent, or cut its machine's power, or take its card as well."""
        self.restart_seconds = seconds
        if self.process is not None:
            self.process.kill()
        if reboot or new_card:
            self.host.reboot()
        self._is_new_card = self._is_new_card or new_card

    def stop(self, seconds: float) -> None:
        """Stop the agent in its order."""
        self.restart_seconds = seconds
        self._stop.set()

    def _end(self, process: Process) -> None:
        """Hold what is lost before its commit to what may be (I2)."""
        now = asyncio.get_running_loop().time()
        disk, was_killed = self.host.disk, not process.alive
        troubled_at = disk.troubled_at if was_killed else disk.refused_at
        longest = self._settings.commit_seconds + 0.5 if was_killed else 0.0
        for entry in self.oracle.book.waiting:
            excused = troubled_at > min(entry.put_at, now) - _TROUBLE_LASTS
            hold("I2", excused or now - entry.put_at <= longest, entry, "is lost before its commit at", now)
            entry.lost = "end"
        self.oracle.book.waiting.clear()
        process.kill()

    async def _sense(self, sensor: str, committer: Committer) -> None:
        """Take readings of one sensor and put them into the agent."""
        while True:
            await asyncio.sleep(self._rng.expovariate(1 / self._settings.period))
            if self.is_sampling:
                await self._give(sensor, committer)

    async def burst(self, count: int) -> None:
        """Take many readings at once; belongs to the agent's process."""
        sensor = self._rng.choice(self._settings.sensors)
        for _ in range(count):
            if self.parts is not None and self.process is not None and self.process.alive and not self._stop.is_set():
                await self._give(sensor, self.parts.committer)

    async def _give(self, sensor: str, committer: Committer) -> None:
        self._readings += 1
        value = self._readings / 100
        at = self.host.monotonic_ns() - self._rng.randrange(0, 5_000_000)
        if sensor == "cam":
            said = Measurement(Family.CROSSING, {"count": 1, "speed": value}, {"line": "l1"})
        else:
            said = Measurement(Family.AIR, {"pm2_5": value})
        entry = self.oracle.took(sensor, value, at)
        await committer.put(Taken(sensor, said, at))
        if not self._stop.is_set():
            self.oracle.put_in(entry)


def _ended_by_refusal(main: asyncio.Task[None]) -> bool:
    """Tell whether the disk did not let the agent begin; systemd tries again."""
    return not main.cancelled() and isinstance(main.exception(), SpoolUnwritable)
