"""One world: agents, broker, hubs and store in one loop, faults from the seed, then a quiet phase that drains all."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Coroutine
from pathlib import Path
from typing import Any

from service.mqtt import Message
from telemetry.ack import Ack
from telemetry.reading import Place
from telemetry.topic import Channel, parse, topic
from tests.simulated import adapter, ending, plan
from tests.simulated.agent import AgentMachine
from tests.simulated.broker import Broker, Weather
from tests.simulated.disk import Disk
from tests.simulated.host import Host
from tests.simulated.hub import HubMachine
from tests.simulated.ledger import Violation, hold
from tests.simulated.loop import VirtualLoop
from tests.simulated.oracle import Oracle
from tests.simulated.process import Process
from tests.simulated.settings import Settings
from tests.simulated.store import Database, Mood
from tests.simulated.trace import Trace

_LAST_READINGS = 10.0
_MOVES_WITHIN = 240.0
"""Seconds in which a batch more must have arrived once nothing is wrong: twice the longest resend and back-off."""


class World:
    """Everything there is, seen from outside."""

    def __init__(self, seed: int, settings: Settings, folder: Path, trace: Trace) -> None:
        self.settings = settings
        self.trace = trace
        self.seed = seed
        self._folder = folder
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._fault_tasks: list[asyncio.Task[Any]] = []
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.broker = Broker(self._rng("broker"), trace)
        self.broker.watch = self._hear
        self.usual_weather = Weather()
        self.database = Database(
            self._rng("store"), trace,
            durable_after=settings.durable_after, most=settings.most_lines, bad=settings.bad,
        )  # fmt: skip
        self.database.on_row = self._see_row
        self.agents = [self._made_agent(number) for number in range(1, settings.agents + 1)]
        self._by_place = {agent.place: agent for agent in self.agents}
        self.hubs: list[HubMachine] = []
        self.account: ending.Account | None = None

    def _rng(self, name: str) -> random.Random:
        return random.Random(f"{self.seed} {name}")

    def _host(self, name: str) -> Host:
        return Host(name, Disk(self._rng(f"disk of {name}")))

    def _made_agent(self, number: int) -> AgentMachine:
        place, host = Place("simpang-empat", f"se-{number}"), self._host(f"se-{number}")
        oracle = Oracle(place.agent, host, self.database, self.trace)
        folder = self._folder / place.agent
        folder.mkdir()
        return AgentMachine(place, host, oracle, folder, self.settings, f"{self.seed} sensors {number}")

    async def run(self) -> None:
        """Live through the faults and the quiet phase; raises Violation."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.on_step = self._check_bounds
        loop.set_exception_handler(self._on_loop_error)
        self._begin()
        await self._until(self._misfortunes())
        self._calm()
        await self._until(asyncio.sleep(_LAST_READINGS))
        for agent in self.agents:
            agent.is_sampling = False
        await self._until(self._drained())
        ending.check(self)

    def _begin(self) -> None:
        self.add_hub()
        chance = self._rng("beginning")
        self.usual_weather.lost = self.broker.weather.lost = chance.choice((0.0, 0.0, 0.03, 0.2))
        for agent in self.agents:
            self._spawn(agent.keep(), "keeper of an agent")
            if chance.random() < 0.3:
                self._misfortune("agent's clock unknown", chance.getrandbits(32))

    def add_hub(self) -> HubMachine:
        hub = HubMachine(
            self._host(f"hub-{len(self.hubs)}"), self.database, list(self._by_place), self._folder, self.settings
        )
        self.hubs.append(hub)
        hub.keeper = self._spawn(hub.keep(), "keeper of a hub")
        return hub

    def remove_hub(self, hub: HubMachine) -> None:
        """Kill a hub for good."""
        if hub in self.hubs and len(self.hubs) > 1:
            self.hubs.remove(hub)
            hub.keeper.cancel()
            hub.kill(0)

    async def _misfortunes(self) -> None:
        began = asyncio.get_running_loop().time()
        events = plan.drawn(self._rng("plan"), self.settings.seconds)
        events += plan.damages(self._rng("damages"), self.settings.seconds)
        for event in sorted(events, key=lambda event: event.at):
            await asyncio.sleep(max(0.0, began + event.at - asyncio.get_running_loop().time()))
            self._misfortune(event.name, event.seed)
        await asyncio.sleep(max(0.0, began + self.settings.seconds - asyncio.get_running_loop().time()))

    def _misfortune(self, name: str, seed: int) -> None:
        self.trace.note("FAULT", name)
        task = self._spawn(plan.fault(name)(self, random.Random(seed)), f"fault {name}")
        self._fault_tasks.append(task)

    def _calm(self) -> None:
        """End all faults: from now on nothing is wrong and nobody lends a hand."""
        self.trace.note("CALM")
        for task in self._fault_tasks:
            task.cancel()
        for machine in (*self.agents, *self.hubs):
            machine.host.reachable = True
            machine.host.set_clock(0, vouched=True)
            disk = machine.host.disk
            disk.refuses_reads = disk.refuses_writes = disk.refuses_some = False
            machine.host.disk.seconds = Disk.usual_seconds
        self.broker.weather, self.database.mood = Weather(), Mood()
        self.broker.up = self.database.up = True

    async def _drained(self) -> None:
        """Wait until nothing waits anywhere; raises Violation (I7) where nothing moves any more."""
        now = asyncio.get_running_loop().time
        moved, before = now(), ()
        while not all(agent.parts is not None and agent.parts.is_empty for agent in self.agents):
            left = tuple(agent.oracle.forgotten for agent in self.agents)
            if left != before:
                moved, before = now(), left
            held = [agent.parts and agent.parts.desk.held for agent in self.agents]
            hold("I7", now() < moved + _MOVES_WITHIN, "not drained by itself:", held)
            await asyncio.sleep(1.0)

    def _spawn(self, work: Coroutine[Any, Any, None] | Awaitable[None], name: str) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and task.exception() is not None:
            self._fail(task.exception())

    def _on_loop_error(self, _loop: object, context: dict[str, Any]) -> None:
        self._fail(context.get("exception") or Violation("I7", context["message"]))

    def _fail(self, error: BaseException | None) -> None:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if not self._failed.done() and error is not None:
            self._failed.set_exception(error)

    async def _until(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a phase of the world; raises what fails meanwhile."""
        task = asyncio.get_running_loop().create_task(work, name="phase")
        await asyncio.wait([task, self._failed], return_when=asyncio.FIRST_COMPLETED)
        if self._failed.done():
            task.cancel()
            self._failed.result()
        task.result()

    def _hear(self, name: str, message: Message) -> None:
        """Hold what an agent says to its book."""
        place, channel = parse(message.topic)
        if channel is Channel.READINGS:
            self._by_place[place].oracle.hears(message.payload)

    def _see_row(self, key: bytes, line: bytes) -> None:
        """Hold a row to the books (I3, I4): it must be a line that an agent committed, letter by letter."""
        if b",sensor=link " in line:
            return
        hold("I3", any(line in agent.oracle.lines for agent in self.agents), "false row:", line)
        there = self.database.rows.get(key)
        hold("I4", there in (None, line), "overwritten is", there, "by", line)

    def say_strange_ack(self, rng: random.Random) -> None:
        """Let somebody say an acknowledgement that is wrong, for a batch that there may be."""
        agent = rng.choice(self.agents)
        life = next(reversed(agent.oracle.book.lives.values()), None)
        number = rng.choice(sorted(life.live)) if life is not None and life.live else 1
        epoch = life.epoch if life is not None else "0" * 16
        lines = len(life.batches[number]) if life is not None and number in life.batches else 1
        said = rng.choice((
            Ack(epoch, number, lines + 1).encode(),
            Ack(epoch, number, lines - 1).encode() if lines > 1 else b"{}",
            Ack("f" * 16, number, lines).encode(),
            Ack(epoch, number + 1000, lines).encode(),
            json.dumps({"epoch": epoch, "batch": str(number), "stored": lines, "dead": []}).encode(),
            b"\xff\x00nonsense",
        ))  # fmt: skip
        self.broker.hand_on(Message(topic(agent.place, Channel.ACK), said))

    def _check_bounds(self) -> None:
        """Hold every queue and memory to its bound (I6)."""
        largest = max(agent.oracle.largest_batch for agent in self.agents)
        try:
            for agent in self.agents:
                if agent.parts is not None:
                    agent.parts.check_bounds()
            for hub in self.hubs:
                if hub.hub is not None:
                    adapter.check_hub_bounds(hub.hub, largest)
            for link in self.broker.links.values():
                adapter.check_inbox_bound(link)
        except Violation as error:
            self._fail(error)

    def end(self) -> None:
        """Kill whatever still runs."""
        for machine in (*self.agents, *self.hubs):
            process: Process | None = machine.process
            if process is not None:
                process.kill()
        for task in [*self._tasks]:
            task.cancel()
        for agent in self.agents:
            if agent.parts is not None:
                agent.parts.abandon()
