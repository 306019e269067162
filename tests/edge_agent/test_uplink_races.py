"""The uplink on a scripted link, where the unlucky moments can be chosen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge_agent.delivery import uplink as uplink_module
from service import backoff
from service.broker import Broker
from service.mqtt import BrokerLost, Message
from telemetry import batch as batches
from telemetry.ack import Ack, DeadLine
from telemetry.batch import Batch
from telemetry.status import State
from telemetry.status import decode as status
from tests.support.uplinks import Rig, rigged
from tests.support.waiting import until

_BROKER = Broker(host="127.0.0.1", port=1)


class ScriptedLink:
    """A connection that the test listens to and speaks on."""

    def __init__(self) -> None:
        self.published: asyncio.Queue[Message] = asyncio.Queue(1000)
        self.arriving: asyncio.Queue[Message | None] = asyncio.Queue(1000)
        self.dead = False
        self.states: list[State] = []

    async def publish(self, message: Message) -> None:
        if self.dead:
            raise BrokerLost("the broker went away")
        if message.topic.endswith("status"):
            self.states.append(status(message.payload).state)
        else:
            self.published.put_nowait(message)

    async def subscribe(self, topic: str) -> None:
        await asyncio.sleep(0)

    async def messages(self) -> AsyncIterator[Message]:
        while (message := await self.arriving.get()) is not None:
            yield message
        raise BrokerLost("the broker went away")

    async def batch(self) -> Batch:
        async with asyncio.timeout(10):
            return batches.decode((await self.published.get()).payload)

    def ack(self, batch: Batch, *dead: DeadLine) -> None:
        said = Ack(batch.epoch, batch.number, batch.lines - len(dead), dead)
        self.arriving.put_nowait(Message("ack", said.encode()))

    def lose(self) -> None:
        self.arriving.put_nowait(None)


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[ScriptedLink]:
    """Each connection that an uplink makes, in order; reconnecting takes no time."""
    made: asyncio.Queue[ScriptedLink] = asyncio.Queue(1000)

    @asynccontextmanager
    async def connected(broker: Broker, **_: object) -> AsyncIterator[ScriptedLink]:
        link = ScriptedLink()
        made.put_nowait(link)
        yield link

    monkeypatch.setattr(uplink_module, "connected", connected)
    monkeypatch.setattr(backoff, "SHORTEST", 0.0)
    monkeypatch.setattr(uplink_module, "_LONGEST_WAIT", 0.0)
    return made


@pytest.fixture
async def rig(tmp_path: Path, links: asyncio.Queue[ScriptedLink]) -> AsyncIterator[Rig]:
    async with rigged(tmp_path / "spool", _BROKER) as made:
        yield made


async def test_an_ack_that_comes_while_its_batch_is_fetched_for_resending(
    rig: Rig, links: asyncio.Queue[ScriptedLink], monkeypatch: pytest.MonkeyPatch
):
    link = await links.get()
    await rig.commit()
    batch = await link.batch()
    fetch = rig.desk.payload

    async def slow(number: int) -> bytes | None:
        payload = await fetch(number)
        link.ack(batch)
        await until(lambda: rig.uplink.sent.acknowledged == 1)
        return payload

    monkeypatch.setattr(rig.desk, "payload", slow)
    rig.window._waiting[1].due = 0.0
    rig.uplink.wake()
    await until(lambda: rig.uplink.sent.acknowledged == 1)
    monkeypatch.undo()
    await rig.commit()
    assert (await link.batch()).number == 2
    assert rig.uplink.sent.resent == 0


async def test_a_refusal_that_was_not_told_before_the_end_is_told_after_it(
    tmp_path: Path, links: asyncio.Queue[ScriptedLink]
):
    async with rigged(tmp_path / "again.db", _BROKER) as rig:
        link = await links.get()
        await rig.commit()
        link.ack(await link.batch(), DeadLine(1, "out of order"))
        await until(lambda: rig.uplink.sent.refused == 1)
    async with rigged(tmp_path / "again.db", _BROKER) as rig:
        link = await links.get()
        link.ack(await link.batch(), DeadLine(1, "out of order"))
        await until(lambda: rig.uplink.sent.refused == 1)
        (gap,) = await rig.told()
        assert (gap.sensor, gap.labels["cause"], gap.values["count"]) == ("dust", "refused", 1)


async def test_stopping_is_said_on_the_way_out(rig: Rig, links: asyncio.Queue[ScriptedLink]):
    link = await links.get()
    await until(lambda: rig.uplink.sent.online)
    await rig.stop()
    assert link.states == [State.ONLINE, State.STOPPING]


async def test_all_in_flight_is_sent_again_over_a_new_link(rig: Rig, links: asyncio.Queue[ScriptedLink]):
    link = await links.get()
    for _ in range(3):
        await rig.commit()
    first = [(await link.batch()).number for _ in range(3)]
    link.lose()
    link = await links.get()
    assert [(await link.batch()).number for _ in range(3)] == first == [1, 2, 3]


async def test_a_batch_that_the_quota_dropped_in_flight_gives_its_place_to_the_next(
    rig: Rig, links: asyncio.Queue[ScriptedLink]
):
    link = await links.get()
    for _ in range(5):
        await rig.commit()
    in_flight = [(await link.batch()).number for _ in range(4)]
    assert in_flight == [1, 2, 3, 4]
    for number in in_flight:
        await rig.desk.forget(number)
    link.lose()
    link = await links.get()
    assert (await link.batch()).number == 5


async def test_a_slow_link_does_not_count_as_a_stuck_loop(
    rig: Rig, links: asyncio.Queue[ScriptedLink], monkeypatch: pytest.MonkeyPatch
):
    now = [0.0]
    stuck: list[str] = []
    publish = ScriptedLink.publish

    async def slow(link: ScriptedLink, message: Message) -> None:
        now[0] += 14.0
        stuck.extend(rig.progress.stuck())
        await publish(link, message)

    rig.progress._monotonic = lambda: now[0]
    link = await links.get()
    for _ in range(4):
        await rig.commit()
        await link.batch()
    monkeypatch.setattr(ScriptedLink, "publish", slow)
    for sending in rig.window._waiting.values():
        sending.due = 0.0
    rig.uplink.wake()
    for _ in range(4):
        await link.batch()
    assert (now, stuck) == ([56.0], [])
