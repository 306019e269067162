"""What the hub's tests share: lines, a store that does as it is told, and an agent as the hub sees it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from hub.config import DeadLetter, EmbeddedStore, HubSettings, Registered
from hub.errors import BadLines, StoreError, TooLarge
from hub.hub import Hub
from hub.stores.influx1 import Influx1
from hub.stores.store import SINCE_EVER, Row, Store
from service.broker import Broker
from service.mqtt import Link, Message, connected
from telemetry import ack as acks
from telemetry.ack import Ack
from telemetry.batch import Batch
from telemetry.line import format_line
from telemetry.quantity import Family
from telemetry.reading import Measurement, Place, Reading
from telemetry.topic import Channel, topic
from tests.support.servers import Server

PLACE = Place("simpang-empat", "se-1")
EPOCH = "5f0c91d2a7b3e846"
PATIENCE = 20.0
START = time.time_ns() // 10**6 - 3_600_000
"""An hour ago, in milliseconds."""


def line(seq: int, *, place: Place = PLACE, sensor: str = "dust", value: float = 12.3) -> bytes:
    """Return one line of dust, a second after the one before it."""
    measurement = Measurement(Family.AIR, {"pm2_5": value})
    return format_line(place, Reading(sensor, measurement, START + seq * 1000, seq)).encode() + b"\n"


def lines(count: int, *, first: int = 0, place: Place = PLACE) -> list[bytes]:
    return [line(seq, place=place) for seq in range(first, first + count)]


def batch(number: int, said: Sequence[bytes], *, epoch: str = EPOCH) -> Batch:
    return Batch(epoch, number, len(said), b"".join(said))


def key_of(said: bytes) -> bytes:
    """Return what names a row: series and time."""
    series, _, at = said.split(b" ")
    return series + b" " + at


class FakeStore:
    """Stores in memory; refuses what it is told to, or answers from a script before that."""

    def __init__(
        self,
        *,
        bad: Callable[[bytes], bool] = lambda _: False,
        script: Iterable[StoreError | None] = (),
        most: int = 10**9,
        durable_after: float = 0.0,
    ) -> None:
        self.name = "fake store"
        self.durable_after = durable_after
        self.since = SINCE_EVER
        self.bad = bad
        self.most = most
        self.script = iter(script)
        self.prepared = 0
        self.closed = 0
        self.tries: list[list[bytes]] = []
        self.rows: dict[bytes, bytes] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.tried = asyncio.Event()

    async def prepare(self) -> None:
        self.prepared += 1

    async def running_since(self) -> float:
        return self.since

    async def write(self, lines: Sequence[bytes]) -> None:
        self.tries.append(list(lines))
        self.tried.set()
        await self.gate.wait()
        trouble = next(self.script, None)
        if trouble is not None:
            raise trouble
        if len(lines) > self.most:
            raise TooLarge(f"{len(lines)} lines are too many")
        good = list(itertools.takewhile(lambda said: not self.bad(said), lines))
        self.rows |= {key_of(said): said for said in good}
        if len(good) < len(lines):
            raise BadLines(f"refused: {lines[len(good)]!r}")

    async def query(self, statement: str) -> list[Row]:
        raise NotImplementedError(statement)

    async def close(self) -> None:
        self.closed += 1

    def stored(self) -> set[bytes]:
        return set(self.rows.values())


def settings(broker_port: int, folder: Path, **other: Any) -> HubSettings:
    """Return the settings of a hub that knows PLACE; `other` replaces tables."""
    said: dict[str, Any] = {
        "broker": Broker(host="127.0.0.1", port=broker_port),
        "store": EmbeddedStore(kind="embedded", path=folder / "city.duckdb"),
        "agent": [Registered(site=PLACE.site, agent=PLACE.agent)],
        "dead_letter": DeadLetter(path=folder / "dead-letter.jsonl"),
    }
    return HubSettings(**(said | other))


@contextlib.asynccontextmanager
async def running(wanted: HubSettings, store: Store | None = None) -> AsyncIterator[Hub]:
    """Run a hub until the block ends."""
    stop = asyncio.Event()
    hub = Hub(wanted, store=store)
    task = asyncio.create_task(hub.run(stop), name="hub")
    try:
        yield hub
    finally:
        stop.set()
        await task


class Player:
    """An agent as the hub sees it: says batches, hears acknowledgements."""

    def __init__(self, link: Link, place: Place) -> None:
        self.link = link
        self.place = place
        self.spoken = 0
        self.heard: asyncio.Queue[Ack] = asyncio.Queue(10_000)

    async def listen(self) -> None:
        async for message in self.link.messages():
            self.heard.put_nowait(acks.decode(message.payload))

    async def say(self, said: Batch, *, channel: Channel = Channel.READINGS) -> None:
        await self.link.publish(Message(topic(self.place, channel), said.encode()))
        self.spoken += 1

    async def say_status(self, payload: bytes) -> None:
        await self.link.publish(Message(topic(self.place, Channel.STATUS), payload, retain=True))

    async def deliver(self, said: Batch) -> Ack:
        """Say a batch, again and again, until its acknowledgement comes."""
        async with asyncio.timeout(PATIENCE):
            while True:
                await self.say(said)
                with contextlib.suppress(TimeoutError):
                    return await self.ack_of(said, within=0.3)

    async def ack_of(self, said: Batch, *, within: float = PATIENCE) -> Ack:
        """Return the acknowledgement of a batch; others that come before it are forgotten."""
        async with asyncio.timeout(within):
            while True:
                ack = await self.heard.get()
                if (ack.epoch, ack.batch) == (said.epoch, said.number):
                    return ack


@contextlib.asynccontextmanager
async def player(broker: Server, place: Place = PLACE) -> AsyncIterator[Player]:
    """Connect an agent to a broker."""
    async with connected(Broker(host="127.0.0.1", port=broker.port), name=f"test-{place.agent}", queue=10_000) as link:
        await link.subscribe(topic(place, Channel.ACK))
        agent = Player(link, place)
        listening = asyncio.create_task(agent.listen(), name="player")
        try:
            yield agent
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@contextlib.asynccontextmanager
async def opened_influx1(
    url: str, user: tuple[str, str] | None = None, database: str = "simpang"
) -> AsyncIterator[Influx1]:
    """Open the store on an InfluxDB 1, as a user where one is named."""
    name, password = user or (None, None)
    store = Influx1(url, database, username=name, password=password)
    try:
        yield store
    finally:
        await store.close()


async def until(true: Callable[[], Any], what: str) -> None:
    """Wait for a state that nobody announces."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come"
        await asyncio.sleep(0.01)
