"""Acknowledgements wait for their time and a connection; a lost connection loses none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from hub import acks as hub_acks
from hub.acks import Acks
from hub.alarm import Alarm
from service import tasks
from service.mqtt import BrokerLost, Message
from service.progress import Progress
from telemetry import ack as acks
from telemetry.ack import Ack, DeadLine
from telemetry.reading import Place
from tests.hub.kit import EPOCH, PLACE, FakeStore, until


class FakeLink:
    """A link that hears what is published, and may be lost."""

    def __init__(self, *, lost_at: Callable[[int], bool] = lambda _: False) -> None:
        self.said: list[Message] = []
        self.tried = 0
        self.lost_at = lost_at

    async def publish(self, message: Message) -> None:
        await asyncio.sleep(0)
        self.tried += 1
        if self.lost_at(self.tried):
            raise BrokerLost("gone")
        self.said.append(message)

    def numbers(self) -> list[int]:
        return [acks.decode(message.payload).batch for message in self.said]


def ack(number: int) -> Ack:
    return Ack(EPOCH, number, 1)


async def published(waiting: Acks, link: FakeLink, count: int) -> None:
    """Publish until so many were said."""
    task = asyncio.create_task(waiting.publish(link))  # type: ignore[arg-type]  # what it needs of a link
    await until(lambda: len(link.said) >= count or task.done(), f"{count} acknowledgements")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_each_goes_to_its_agent_in_order() -> None:
    waiting, link = Acks(FakeStore(), Alarm(), Progress()), FakeLink()
    other = Place("sekolah-2", "sd-2")
    waiting.put(PLACE, Ack(EPOCH, 1, 98, (DeadLine(3, "because"),)), 0.0)
    waiting.put(other, ack(2), 0.0)
    waiting.put(PLACE, ack(3), 0.0)
    await published(waiting, link, 3)
    assert [message.topic for message in link.said] == [
        "simpang/v1/simpang-empat/se-1/down/ack",
        "simpang/v1/sekolah-2/sd-2/down/ack",
        "simpang/v1/simpang-empat/se-1/down/ack",
    ]
    assert acks.decode(link.said[0].payload) == Ack(EPOCH, 1, 98, (DeadLine(3, "because"),))
    assert not any(message.retain for message in link.said)
    assert waiting.said == 3


async def test_one_that_comes_later_is_said_too() -> None:
    waiting, link = Acks(FakeStore(), Alarm(), Progress()), FakeLink()
    task = asyncio.create_task(waiting.publish(link))  # type: ignore[arg-type]  # what it needs of a link
    for number in range(5):
        waiting.put(PLACE, ack(number), 0.0)
        await until(lambda n=number: link.numbers() == list(range(n + 1)), "the acknowledgement")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("lost_at", [1, 2, 5])
async def test_a_lost_link_keeps_what_was_not_said(lost_at: int) -> None:
    waiting = Acks(FakeStore(), Alarm(), Progress())
    for number in range(5):
        waiting.put(PLACE, ack(number), 0.0)
    broken = FakeLink(lost_at=lambda tried: tried == lost_at)
    with pytest.raises(BrokerLost):
        await waiting.publish(broken)  # type: ignore[arg-type]  # what it needs of a link
    mended = FakeLink()
    await published(waiting, mended, 6 - lost_at)
    assert broken.numbers() + mended.numbers() == list(range(5))
    assert waiting.said == 5


async def test_when_full_the_newest_are_refused_and_what_is_next_due_is_said(caplog: pytest.LogCaptureFixture) -> None:
    waiting, link = Acks(FakeStore(), Alarm(), Progress()), FakeLink()
    for number in range(hub_acks._MOST + 500):
        waiting.put(PLACE, ack(number), 0.0)
    await published(waiting, link, hub_acks._MOST)
    assert link.numbers() == list(range(hub_acks._MOST))
    assert waiting.refused == 500
    assert [record.getMessage() for record in caplog.records] == [
        "10000 acknowledgements wait already; further ones are not said, and their batches come again"
    ]
    waiting.put(PLACE, ack(1), 0.0)
    await published(waiting, link, hub_acks._MOST + 1)
    assert link.numbers()[-1] == 1


async def test_those_that_are_sure_but_not_said_count_as_waiting() -> None:
    waiting = Acks(FakeStore(), Alarm(), Progress())
    for _ in range(3):
        for number in range(hub_acks._MOST // 2):
            waiting.put(PLACE, ack(number), 0.0)
        with pytest.raises(BrokerLost):
            await waiting.publish(FakeLink(lost_at=lambda _: True))  # type: ignore[arg-type]  # likewise
    assert waiting.refused == hub_acks._MOST // 2


class SlowLink:
    """A link whose PUBACK comes when it is told, awaited as the client library does."""

    def __init__(self) -> None:
        self.asked, self.puback = asyncio.Event(), asyncio.Event()

    async def publish(self, message: Message) -> None:
        self.asked.set()
        await asyncio.wait_for(self.puback.wait(), 15)


@pytest.mark.parametrize("ticks", range(6))
async def test_a_stop_that_meets_the_pubacks_arrival_stops(monkeypatch: pytest.MonkeyPatch, ticks: int) -> None:
    monkeypatch.setattr(tasks, "_AGAIN", 0.01)
    waiting, link, stop = Acks(FakeStore(), Alarm(), Progress()), SlowLink(), asyncio.Event()

    async def until_stop() -> None:
        await stop.wait()

    waiting.put(PLACE, ack(1), 0.0)
    publishing = waiting.publish(link)  # type: ignore[arg-type]  # what it needs of a link
    both = asyncio.create_task(tasks.together(acks=publishing, stop=until_stop()))
    await link.asked.wait()
    stop.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    link.puback.set()
    await asyncio.wait_for(both, 20)
