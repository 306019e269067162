"""Times that cannot be are the agent's fault only where other agents agree with this hub's clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.clock_witnesses import ClockWitnesses
from hub.config import Registered
from telemetry.line import format_line
from telemetry.quantity import Family
from telemetry.reading import Measurement, Place, Reading
from telemetry.topic import Channel, topic
from tests.hub.benches import Bench, bench
from tests.hub.kit import batch

CITY = [Place("kota", f"agen-{number}") for number in range(5)]
NOW = 1_790_000_000_000
"""Milliseconds since 1970, the true present of these tests."""
DAY, MINUTE = 86_400_000, 60_000


class Clocks:
    """The hub's clocks: `wrong` is by how many milliseconds its wall clock is ahead of the true present."""

    def __init__(self, city: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wrong = self.passed = 0
        monkeypatch.setattr(city.inlet, "_now", lambda: (NOW + self.passed + self.wrong) * 10**6)
        monkeypatch.setattr(city.inlet, "_witnesses", ClockWitnesses(lambda: self.passed * 10**6))
        monkeypatch.setattr(city.inlet, "_monotonic", lambda: self.passed / 1000)


@pytest.fixture
def city(tmp_path: Path) -> Bench:
    return bench(tmp_path, *(Registered(site=place.site, agent=place.agent) for place in CITY))


@pytest.fixture
def clocks(city: Bench, monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(city, monkeypatch)


async def say(city: Bench, place: Place, at: int, number: int = 1) -> str:
    """Say a batch of one reading taken at some milliseconds; return what became of it."""
    reading = Reading("dust", Measurement(Family.AIR, {"pm2_5": 1.5}), at, 0)
    said = batch(number, [format_line(place, reading).encode() + b"\n"])
    await city.take(said.encode(), on=topic(place, Channel.READINGS))
    arrived = await city.arrived()
    if not arrived:
        return "held"
    return "dead" if arrived[0].dead else "taken"


@pytest.mark.parametrize("days", [-400, -30, -3, 400])
async def test_a_hub_whose_clock_is_wrong_costs_nobody_a_reading(city: Bench, clocks: Clocks, days: int) -> None:
    clocks.wrong = days * DAY
    for _ in range(3):
        assert [await say(city, place, NOW) for place in CITY] == ["held"] * 5
    clocks.wrong = 0
    assert [await say(city, place, NOW) for place in CITY] == ["taken"] * 5
    assert city.letters() == []


async def all_agree(city: Bench, clocks: Clocks, places: list[Place], minutes: int = 11) -> None:
    """Let some agents say sound times for so many minutes."""
    for _ in range(minutes + 1):
        assert [await say(city, place, NOW + clocks.passed) for place in places] == ["taken"] * len(places)
        clocks.passed += MINUTE


@pytest.mark.parametrize("days", [-400, 30, 400])
@pytest.mark.parametrize("others", [1, 2, 4])
async def test_an_agent_whose_clock_is_wrong_is_told_once_the_others_agree(
    city: Bench, clocks: Clocks, others: int, days: int
) -> None:
    assert await say(city, CITY[0], NOW + days * DAY) == "held"
    assert "agen-0 says times that cannot be" in city.alarm.why
    await all_agree(city, clocks, CITY[1 : 1 + others], minutes=5)
    assert await say(city, CITY[0], NOW + days * DAY) == "held"
    await all_agree(city, clocks, CITY[1 : 1 + others], minutes=6)
    assert await say(city, CITY[0], NOW + days * DAY) == "dead"
    assert city.alarm.why == ""


async def test_a_single_agent_is_told_if_its_own_clock_was_right_before(city: Bench, clocks: Clocks) -> None:
    await all_agree(city, clocks, CITY[:1])
    assert await say(city, CITY[0], NOW + 30 * DAY) == "dead"


async def test_others_that_went_away_are_no_witnesses(city: Bench, clocks: Clocks) -> None:
    assert [await say(city, place, NOW - 2 * DAY) for place in CITY[2:]] == ["taken"] * 3
    clocks.passed += 61 * MINUTE
    await all_agree(city, clocks, CITY[1:2])
    assert await say(city, CITY[0], NOW + 30 * DAY) == "dead"


@pytest.mark.parametrize(("minutes", "outcome"), [(59, "dead"), (61, "held")])
async def test_who_is_more_than_an_hour_off_does_not_agree(
    city: Bench, clocks: Clocks, minutes: int, outcome: str
) -> None:
    for _ in range(12):
        assert await say(city, CITY[1], NOW + clocks.passed - minutes * MINUTE) == "taken"
        clocks.passed += MINUTE
    assert await say(city, CITY[0], NOW + 30 * DAY) == outcome


async def test_a_clock_that_is_set_anew_has_no_witnesses_yet(city: Bench, clocks: Clocks) -> None:
    await all_agree(city, clocks, CITY)
    clocks.wrong = -3 * DAY
    assert [await say(city, place, NOW + clocks.passed) for place in CITY] == ["held"] * 5


async def test_an_agent_that_sends_its_backlog_is_no_witness_for_a_wrong_clock(city: Bench, clocks: Clocks) -> None:
    clocks.wrong = -3 * DAY
    for hours in range(-6, 1):
        assert await say(city, CITY[0], NOW - 3 * DAY + hours * 60 * MINUTE + clocks.passed) == "taken"
        assert [await say(city, place, NOW + clocks.passed) for place in CITY[1:]] == ["held"] * 4
        clocks.passed += 2 * MINUTE


async def test_an_agent_alone_whose_clock_was_wrong_for_a_while_vouches_for_the_hub_by_its_newest_batches(
    city: Bench, clocks: Clocks
) -> None:
    """What it said meanwhile is sent again and again, and says nothing of its clock now."""
    ahead = [(number, NOW + 365 * DAY + number) for number in (1, 2, 3)]
    for number, at in ahead:
        assert await say(city, CITY[0], at, number) == "held"
    for minute in range(11):
        assert await say(city, CITY[0], NOW + clocks.passed, 4 + minute) == "taken"
        assert [await say(city, CITY[0], at, number) for number, at in ahead] == (
            ["held"] * 3 if minute < 10 else ["dead"] * 3
        )
        clocks.passed += MINUTE


async def test_an_alarm_does_not_come_and_go_while_batches_wait_beside_others_that_are_sound(
    city: Bench, clocks: Clocks
) -> None:
    for minute in range(5):
        assert await say(city, CITY[0], NOW + 365 * DAY, 1) == "held"
        assert await say(city, CITY[0], NOW + clocks.passed, 2 + minute) == "taken"
        assert "agen-0 says times that cannot be" in city.alarm.why
        clocks.passed += MINUTE
    clocks.passed += 2 * MINUTE
    assert await say(city, CITY[0], NOW + clocks.passed, 9) == "taken"
    assert city.alarm.why == ""
