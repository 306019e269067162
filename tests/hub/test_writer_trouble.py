"""A store in trouble: everything is kept, a person is called where one is needed, and nothing is lost."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from hub import writer as hub_writer
from hub.errors import BadLines, Hold, StoreError, TryAgain
from telemetry.status import State
from tests.hub.desks import desk, status, working
from tests.hub.kit import PLACE, lines, until


@pytest.mark.parametrize(
    "script",
    [
        [TryAgain("down")] * 3,
        [Hold("password")] * 3,
        [TryAgain("down"), Hold("password"), TryAgain("slow", 2.0), Hold("missing")],
        [BadLines("one of them"), TryAgain("down")],
        [BadLines("one of them"), None, Hold("password")],
    ],
)
async def test_trouble_keeps_everything_and_acknowledges_it_once(tmp_path: Path, script: list[StoreError]) -> None:
    at = desk(tmp_path, script)
    for number in range(3):
        await at.put(number, lines(5, first=5 * number))
    async with working(at):
        acks = await at.acknowledged(3)
    assert [(ack.batch, ack.stored, ack.dead) for ack in acks] == [(0, 5, ()), (1, 5, ()), (2, 5, ())]
    assert at.store.stored() == set(lines(15))
    assert at.letters() == []


async def test_a_hold_is_alarmed_once_asks_to_prepare_and_is_over_after_a_yes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    at = desk(tmp_path, [Hold("check user name, password or token")] * 4)
    async with working(at):
        await at.put(1, lines(1))
        await at.acknowledged(1)
    assert at.alarm.why == ""
    assert at.progress.slept == [hub_writer._HOLD_SECONDS] * 4
    assert at.store.prepared == 5
    assert at.writer.done["held"] == 4
    said = [record.getMessage() for record in caplog.records]
    assert said == ["ALARM: check user name, password or token", "alarm is over: check user name, password or token"]


async def test_a_hold_that_preparing_mends_is_mended(tmp_path: Path) -> None:
    at = desk(tmp_path)
    prepare = at.store.prepare

    async def made() -> None:
        await prepare()
        if at.store.prepared == 2:
            raise TryAgain("not yet")

    at.store.prepare = made  # type: ignore[method-assign]  # a store whose database is made late
    at.store.script = (None if at.store.prepared >= 3 else Hold("missing") for _ in iter(int, 1))
    async with working(at):
        await at.put(1, lines(1))
        await at.acknowledged(1)
    assert at.store.prepared == 3


async def test_a_store_that_stays_down_is_alarmed_after_five_tries(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    at = desk(tmp_path, [TryAgain("InfluxDB answers 500")] * 7)
    why: list[str] = []
    at.alarm.raise_for = why.append  # type: ignore[method-assign]  # remembers
    async with working(at):
        await at.put(1, lines(1))
        await at.acknowledged(1)
    assert why == ["InfluxDB answers 500 (5 tries)"]
    assert "fake store answers again" in caplog.text
    assert at.writer.done["retried"] == 7
    assert len(at.progress.slept) == 7
    assert min(at.progress.slept) >= 1.0
    assert max(at.progress.slept) <= 30.0


@pytest.mark.parametrize(("asked", "waited"), [(7.0, 7.0), (0.0, 1.0), (1e9, 300.0), (float("inf"), 300.0)])
async def test_the_wait_that_a_store_asks_for_is_kept_within_reason(
    tmp_path: Path, asked: float, waited: float
) -> None:
    at = desk(tmp_path, [TryAgain("busy", asked)])
    async with working(at):
        await at.put(1, lines(1))
        await at.acknowledged(1)
    assert at.progress.slept == [waited]


@pytest.mark.parametrize("trouble", [TryAgain("down"), Hold("password")])
async def test_a_store_that_cannot_be_prepared_yet_gets_nothing(tmp_path: Path, trouble: StoreError) -> None:
    at = desk(tmp_path)
    asked = 0

    async def prepare() -> None:
        nonlocal asked
        asked += 1
        if asked < 6:
            assert at.store.tries == []
            raise trouble

    at.store.prepare = prepare  # type: ignore[method-assign]  # a store that starts late
    async with working(at):
        await at.put(1, lines(1))
        await at.acknowledged(1)
    assert asked >= 6


async def test_presence_waits_out_trouble_like_readings(tmp_path: Path) -> None:
    at = desk(tmp_path, [TryAgain("down"), Hold("password")])
    at.presence.heard(PLACE, status(State.ONLINE))
    async with working(at):
        await until(lambda: at.store.rows, "the row")
    assert len(at.store.rows) == 1
