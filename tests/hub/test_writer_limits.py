"""A store that is full for some agents' names, or slow: nobody else waits for it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from math import ceil, log2
from pathlib import Path

import pytest

from hub import pace as hub_pace
from hub import writer as hub_writer
from hub.errors import BadLines, LimitReached, TooSlow
from hub.pace import Pace
from telemetry.reading import Place
from telemetry.status import State
from tests.hub.desks import desk, status, working
from tests.hub.kit import PLACE, FakeStore, lines, until

OTHER = Place("sekolah-2", "sd-2")


class NarrowStore(FakeStore):
    """Takes no new names of one agent and, like InfluxDB, stores the other lines of the write."""

    def __init__(self, full_for: bytes) -> None:
        super().__init__()
        self.full_for = full_for

    async def write(self, lines: Sequence[bytes]) -> None:
        await super().write([line for line in lines if self.full_for not in line])
        if any(self.full_for in line for line in lines):
            raise LimitReached("max-values-per-tag limit exceeded")


class SlowStore(FakeStore):
    """Takes so many lines in time, and what comes in more is stored but not answered."""

    def __init__(self, in_time: int) -> None:
        super().__init__()
        self.in_time = in_time

    async def write(self, lines: Sequence[bytes]) -> None:
        await super().write(lines)
        if len(lines) > self.in_time:
            raise TooSlow("does not answer in time")


async def test_a_limit_that_one_agent_meets_holds_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    at = desk(tmp_path, store=NarrowStore(b"agent=sd-2"))
    for number in range(32):
        place = OTHER if number in (5, 20) else PLACE
        await at.put(number, lines(10, first=10 * number, place=place), place=place)
    async with working(at):
        acks = await at.acknowledged(30)
    assert sorted(ack.batch for ack in acks) == sorted(set(range(32)) - {5, 20})
    assert {place for place, _, _ in at.said} == {PLACE}
    assert len(at.store.tries) <= 1 + 2 * 2 * ceil(log2(32))
    assert at.writer.done == {"batches": 30, "stored": 300, "dead": 0, "limited": 2}
    assert at.alarm.why == "sekolah-2/sd-2 waits: max-values-per-tag limit exceeded"
    assert at.letters() == []
    assert [record.getMessage() for record in caplog.records] == [f"ALARM: {at.alarm.why}"]


async def test_a_batch_that_met_a_limit_is_stored_when_it_comes_again_and_the_alarm_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_writer, "_IDLE_SECONDS", 0.01)
    monkeypatch.setattr(hub_writer, "_LIMIT_SECONDS", 0.3)
    store = NarrowStore(b"agent=sd-2")
    at = desk(tmp_path, store=store)
    async with working(at):
        await at.put(1, lines(10, place=OTHER), place=OTHER)
        await until(lambda: at.alarm.why, "the alarm")
        store.full_for = b"nobody"
        await at.put(1, lines(10, place=OTHER), place=OTHER)
        (ack,) = await at.acknowledged(1)
        assert ack.stored == 10
        assert at.alarm.why
        await until(lambda: not at.alarm.why, "the end of the alarm")


async def test_a_refused_line_beside_a_batch_that_meets_a_limit_is_still_named(tmp_path: Path) -> None:
    at = desk(tmp_path, store=NarrowStore(b"agent=sd-2"))
    said = lines(10)
    at.store.bad = lambda line: line == said[3]
    await at.put(1, lines(10, place=OTHER), place=OTHER)
    await at.put(2, said)
    async with working(at):
        (ack,) = await at.acknowledged(1)
    assert (ack.batch, ack.stored, [dead.line for dead in ack.dead]) == (2, 9, [4])


async def test_a_limit_against_who_is_online_holds_no_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_writer, "_IDLE_SECONDS", 0.01)
    at = desk(tmp_path, store=NarrowStore(b"sensor=link"))
    at.presence.heard(PLACE, status(State.ONLINE))
    async with working(at):
        await until(lambda: at.alarm.why, "the alarm")
        await at.put(1, lines(10))
        await at.acknowledged(1)
    assert at.alarm.why == "who is online is not stored: max-values-per-tag limit exceeded"


@pytest.mark.parametrize("in_time", [10, 35, 100, 640])
async def test_a_slow_store_gets_less_at_once_until_it_answers_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_time: int
) -> None:
    monkeypatch.setattr(hub_pace, "_QUICK_SECONDS", 0.0)
    at = desk(tmp_path, store=SlowStore(in_time))
    for number in range(200):
        await at.put(number, lines(10, first=10 * number))
    async with working(at):
        acks = await at.acknowledged(200)
    assert [ack.batch for ack in acks] == list(range(200))
    assert max(len(tried) for tried in at.store.tries) == 2000
    assert sum(len(tried) > in_time for tried in at.store.tries) <= ceil(log2(2000 / in_time))


async def test_one_batch_is_the_least_and_is_tried_again(tmp_path: Path) -> None:
    at = desk(tmp_path, [TooSlow("slow")] * 8)
    await at.put(1, lines(100))
    await at.put(2, lines(100, first=100))
    async with working(at):
        await at.acknowledged(2)
    assert [len(tried) for tried in at.store.tries] == [200, *[100] * 9]


async def test_who_is_online_is_written_in_pieces_to_a_slow_store(tmp_path: Path) -> None:
    at = desk(tmp_path, store=SlowStore(150))
    for number in range(1000):
        at.presence.heard(Place("kota", f"a-{number}"), status(State.ONLINE))
    async with working(at):
        await until(lambda: len(at.store.rows) == 1000, "all rows")
        await at.put(1, lines(10))
        await at.acknowledged(1)


def test_the_pace_grows_back_with_each_quick_answer_up_to_its_most() -> None:
    pace, batches = Pace(500), [lines(50)] * 20
    assert len(pace.first_of(batches)) == 10
    for _ in range(3):
        pace.slower(pace.first_of(batches))
    taken = []
    for seconds in (5.0, 0.1, 2.5, 0.1, 0.1, 0.1):
        some = pace.first_of(batches)
        taken.append(len(some))
        pace.answered(some, seconds)
    assert taken == [1, 1, 2, 2, 4, 8]
    assert len(pace.first_of(batches)) == 10


def test_a_quick_answer_to_a_few_lines_says_nothing_of_many() -> None:
    pace, batches = Pace(5000), [lines(50)] * 100
    pace.slower(batches)
    for _ in range(10):
        pace.answered(batches[:3], 0.01)
    assert len(pace.first_of(batches)) == 50


async def test_other_trouble_does_not_slow_the_pace(tmp_path: Path) -> None:
    at = desk(tmp_path, [BadLines("one of them"), None, None])
    for number in range(20):
        await at.put(number, lines(100, first=100 * number))
    async with working(at):
        await at.acknowledged(20)
    assert len(at.writer._pace.first_of([lines(100)] * 100)) == 50
