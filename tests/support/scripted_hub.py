"""A hub played by a test on a real broker: hears what an agent says, and acknowledges what and when the test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from service.broker import Broker
from service.mqtt import Link, Message, connected
from telemetry import batch as batches
from telemetry import status as statuses
from telemetry.ack import Ack, DeadLine
from telemetry.batch import Batch
from telemetry.reading import Place
from telemetry.status import State, Status
from telemetry.topic import Channel, everyone, parse, topic
from tests.support.spooling import PLACE, Row, row

_PATIENCE = 15.0


def rows(batch: Batch) -> list[Row]:
    """Return the rows of a batch."""
    return [row(line) for line in batch.body.decode().splitlines()]


class ScriptedHub:
    """What was heard waits in queues; nothing is acknowledged by itself."""

    def __init__(self, link: Link, place: Place) -> None:
        """Speak to the agent at a place."""
        self._link = link
        self._place = place
        self._batches: asyncio.Queue[tuple[Batch, bytes]] = asyncio.Queue(1000)
        self._statuses: asyncio.Queue[tuple[Status, bool]] = asyncio.Queue(1000)

    async def listen(self) -> None:
        """Sort what arrives into the queues."""
        async for message in self._link.messages():
            _, channel = parse(message.topic)
            if channel is Channel.READINGS:
                self._batches.put_nowait((batches.decode(message.payload), message.payload))
            elif channel is Channel.STATUS:
                self._statuses.put_nowait((statuses.decode(message.payload), message.retain))

    async def payload(self) -> bytes:
        """Return the bytes of the next batch."""
        async with asyncio.timeout(_PATIENCE):
            return (await self._batches.get())[1]

    async def batch(self) -> Batch:
        """Return the next batch."""
        return batches.decode(await self.payload())

    async def batch_number(self, number: int) -> Batch:
        """Return the next batch of a number, passing over others."""
        while (batch := await self.batch()).number != number:
            pass
        return batch

    async def state(self, state: State) -> Status:
        """Wait until the agent's status is this, and return it."""
        async with asyncio.timeout(_PATIENCE):
            while (heard := (await self._statuses.get())[0]).state is not state:
                pass
            return heard

    def heard_nothing(self) -> bool:
        """Tell whether no batch waits to be looked at."""
        return self._batches.empty()

    async def say(self, payload: bytes) -> None:
        """Say anything where acknowledgements are said."""
        await self._link.publish(Message(topic(self._place, Channel.ACK), payload))

    async def ack(self, batch: Batch, *, dead: Sequence[DeadLine] = (), epoch: str | None = None) -> None:
        """Acknowledge a batch."""
        said = Ack(epoch or batch.epoch, batch.number, batch.lines - len(dead), tuple(dead))
        await self.say(said.encode())


@asynccontextmanager
async def playing(broker: Broker, *, place: Place = PLACE, name: str = "scripted-hub") -> AsyncIterator[ScriptedHub]:
    """Connect a hub and take it away at the end."""
    async with connected(broker, name=name, queue=1000) as link:
        for channel in (Channel.READINGS, Channel.STATUS):
            await link.subscribe(everyone(channel))
        hub = ScriptedHub(link, place)
        listening = asyncio.create_task(hub.listen(), name="scripted-hub")
        try:
            yield hub
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
