"""Acknowledgements of a store that may forget: held until it surely kept the write, never said if it began anew."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from hub import acks as hub_acks
from hub.acks import Acks
from hub.alarm import Alarm
from hub.errors import Hold, StoreError, TryAgain
from service.progress import Progress
from tests.hub.kit import PLACE, FakeStore, until
from tests.hub.test_hub_acks import FakeLink, ack

HOLD = 0.3


class ForgetfulStore(FakeStore):
    """Has what it took after HOLD seconds; counts how often it is asked since when it runs."""

    def __init__(self, troubles: Iterable[StoreError] = ()) -> None:
        super().__init__(durable_after=HOLD)
        self.asked: list[float] = []
        self.troubles = iter(troubles)

    async def running_since(self) -> float:
        self.asked.append(time.monotonic())
        trouble = next(self.troubles, None)
        if trouble is not None:
            raise trouble
        return self.since


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_acks, "_STEP", 0.1)


@asynccontextmanager
async def publishing(waiting: Acks, link: FakeLink) -> AsyncIterator[None]:
    task = asyncio.create_task(waiting.publish(link))  # type: ignore[arg-type]  # what it needs of a link
    try:
        yield
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_none_is_said_before_its_time() -> None:
    waiting, link = Acks(ForgetfulStore(), Alarm(), Progress()), FakeLink()
    put = time.monotonic()
    waiting.put(PLACE, ack(1), put)
    async with publishing(waiting, link):
        await until(lambda: link.said, "the acknowledgement")
    assert time.monotonic() - put >= HOLD


async def test_none_is_said_of_a_store_that_began_anew() -> None:
    store = ForgetfulStore()
    waiting, link = Acks(store, Alarm(), Progress()), FakeLink()
    waiting.put(PLACE, ack(1), time.monotonic())
    store.since = time.monotonic()
    waiting.put(PLACE, ack(2), time.monotonic())
    async with publishing(waiting, link):
        await until(lambda: link.said, "the acknowledgement of the later write")
        await asyncio.sleep(0.1)
    assert link.numbers() == [2]


async def test_a_restart_takes_all_that_is_held_also_what_is_not_due_yet(caplog: pytest.LogCaptureFixture) -> None:
    store = ForgetfulStore()
    waiting, link = Acks(store, Alarm(), Progress()), FakeLink()
    for number in range(3):
        waiting.put(PLACE, ack(number), time.monotonic())
        await asyncio.sleep(0.12)
    store.since = time.monotonic()
    async with publishing(waiting, link):
        await until(lambda: store.asked, "the question")
        await asyncio.sleep(2 * HOLD)
    assert link.tried == 0
    assert len(store.asked) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "fake store has begun anew; 3 batches that it may have lost come again"
    ]


async def test_one_question_serves_all_that_is_due() -> None:
    store = ForgetfulStore()
    waiting, link = Acks(store, Alarm(), Progress()), FakeLink()
    async with publishing(waiting, link):
        for number in range(1000):
            waiting.put(PLACE, ack(number), time.monotonic())
            await asyncio.sleep(0)
        await until(lambda: len(link.said) == 1000, "all acknowledgements")
    assert link.numbers() == list(range(1000))
    assert len(store.asked) <= 5


async def test_what_came_after_the_question_is_not_confirmed_by_it() -> None:
    """The store may end between its answer and the end of a later hold."""
    store = ForgetfulStore()
    store.durable_after = 1.5
    waiting, link = Acks(store, Alarm(), Progress()), FakeLink()
    async with publishing(waiting, link):
        waiting.put(PLACE, ack(1), time.monotonic())
        await asyncio.sleep(1.2)
        waiting.put(PLACE, ack(2), time.monotonic())
        await until(lambda: link.said, "the first")
        store.since = time.monotonic()
        await until(lambda: len(store.asked) == 2, "the second question")
        await asyncio.sleep(0.1)
    assert link.numbers() == [1]


@pytest.mark.parametrize("trouble", [TryAgain("out of reach"), Hold("does not tell")])
async def test_while_the_store_does_not_tell_they_wait(
    trouble: StoreError, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    store = ForgetfulStore([trouble] * 4)
    alarm = Alarm()
    waiting, link = Acks(store, alarm, Progress()), FakeLink()
    monkeypatch.setattr(waiting._backoff, "pick", lambda low, high: 0.01)
    waiting.put(PLACE, ack(1), time.monotonic())
    async with publishing(waiting, link):
        await until(lambda: link.said, "the acknowledgement")
    assert len(store.asked) == 5
    assert [record.getMessage() for record in caplog.records] == [
        f"ALARM: {trouble}; acknowledgements wait until it tells since when it runs",
        f"alarm is over: {trouble}; acknowledgements wait until it tells since when it runs",
    ]
    assert alarm.why == ""


async def test_a_store_that_is_durable_at_once_is_acknowledged_at_once() -> None:
    store = ForgetfulStore()
    store.durable_after = 0.0
    waiting, link = Acks(store, Alarm(), Progress()), FakeLink()
    async with publishing(waiting, link):
        waiting.put(PLACE, ack(1), time.monotonic())
        await until(lambda: link.said, "the acknowledgement")
    assert store.asked == []
