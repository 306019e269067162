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
DAY = 86_400_000


class Clocks:
    """The hub's clocks: `wrong` is by how many milliseconds its wall clock is ahead of the true present."""

    def __init__(self, city: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wrong = self.passed = 0
        monkeypatch.setattr(city.inlet, "_now", lambda: (NOW + self.passed + self.wrong) * 10**6)
        monkeypatch.setattr(city.inlet, "_witnesses", ClockWitnesses(lambda: self.passed * 10**6))


@pytest.fixture
def city(tmp_path: Path) -> Bench:
    return bench(tmp_path, *(Registered(site=place.site, agent=place.agent) for place in CITY))


@pytest.fixture
def clocks(city: Bench, monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(city, monkeypatch)


async def say(city: Bench, place: Place, at: int) -> str:
    """Say a batch of one reading taken at some milliseconds; return what became of it."""
    reading = Reading("dust", Measurement(Family.AIR, {"pm2_5": 1.5}), at, 0)
    said = batch(1, [format_line(place, reading).encode() + b"\n"])
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


@pytest.mark.parametrize("days", [-400, 30, 400])
async def test_an_agent_whose_clock_is_wrong_is_told_once_the_others_agree(
    city: Bench, clocks: Clocks, days: int
) -> None:
    assert await say(city, CITY[0], NOW + days * DAY) == "held"
    assert [await say(city, place, NOW) for place in CITY[1:]] == ["taken"] * 4
    assert await say(city, CITY[0], NOW + days * DAY) == "dead"


async def test_a_clock_that_is_set_anew_has_no_witnesses_yet(city: Bench, clocks: Clocks) -> None:
    assert [await say(city, place, NOW) for place in CITY] == ["taken"] * 5
    clocks.passed = 3_600_000
    clocks.wrong = -3 * DAY
    assert [await say(city, place, NOW + clocks.passed) for place in CITY] == ["held"] * 5


async def test_an_agent_that_sends_its_backlog_is_no_witness_for_a_wrong_clock(city: Bench, clocks: Clocks) -> None:
    clocks.wrong = -3 * DAY
    assert await say(city, CITY[0], NOW - 3 * DAY) == "taken"
    assert [await say(city, place, NOW) for place in CITY[1:]] == ["held"] * 4
