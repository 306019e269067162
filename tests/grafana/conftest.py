"""A small city of readings in a real InfluxDB, for every query that the dashboards ask."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from telemetry.catalogue import BY_FAMILY
from telemetry.line import format_line
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement, Place, Reading
from tests.support import servers

MINUTE = 60_000
JUNCTION = Place("simpang-empat", "se-1")
SCHOOL = Place("sd-satu", "sd-1")
SILENT = Place("sd-satu", "sd-2")
"""An agent that said its last word two hours ago."""


@dataclass
class City:
    """Readings with a sequence of their own, `now` in milliseconds."""

    now: int
    lines: list[str] = field(default_factory=list)

    def say(
        self,
        place: Place,
        sensor: str,
        family: Family,
        values: dict[str, float],
        *,
        minutes_ago: float = 0,
        labels: dict[str, str] | None = None,
        quality: Quality = Quality.GOOD,
    ) -> None:
        """Add one reading."""
        said = Measurement(family, values, labels or {}, quality)
        at = self.now - int(minutes_ago * MINUTE)
        self.lines.append(format_line(place, Reading(sensor, said, at, len(self.lines))))


@dataclass
class Database:
    """The real InfluxDB with the city in it."""

    client: httpx.Client
    city: City

    def ask(self, influxql: str) -> list[dict[str, Any]]:
        """Return the series that answer a query; an error of the database fails the test."""
        answer = self.client.get("/query", params={"db": "simpang", "q": influxql, "epoch": "ms"})
        said = answer.json()
        assert answer.status_code == 200, f"{said}: {influxql}"
        (result,) = said["results"]
        assert "error" not in result, f"{result['error']}: {influxql}"
        series: list[dict[str, Any]] = result.get("series", [])
        return series


def believable(family: Family) -> dict[str, float]:
    """Return a believable value for every quantity of a family."""
    return {q.name: int(q.low) + 1 if q.low < q.high else q.low for q in BY_FAMILY[family].values()}


def small_city(now: int) -> City:
    """Return the readings of two agents over a few hours, and of one that fell silent."""
    city = City(now)
    for minute in range(30):
        _minute(city, minute)
    for half_hour in range(52):
        city.say(JUNCTION, "gas", Family.AIR, dict.fromkeys(("so2", "co", "o3", "no2"), 70), minutes_ago=30 * half_hour)
        city.say(JUNCTION, "dust", Family.AIR, {"pm2_5": 20, "pm10": 40}, minutes_ago=30 * half_hour + 0.1)
    city.say(JUNCTION, "dust", Family.AIR, {"pm2_5": 999}, minutes_ago=2.2, quality=Quality.STUCK)
    city.say(JUNCTION, "dust", Family.AIR, {"pm1": 14}, minutes_ago=40, quality=Quality.AVERAGED)
    city.say(SILENT, "agent", Family.HEALTH, {"cpu": 12}, minutes_ago=120)
    city.say(SILENT, "link", Family.HEALTH, {"online": 0}, minutes_ago=0.5)
    city.say(
        JUNCTION, "dust", Family.GAP, {"first": 5, "last": 9, "count": 5}, minutes_ago=3, labels={"cause": "dropped"}
    )
    city.say(
        JUNCTION, "dust", Family.GAP, {"first": 20, "last": 21, "count": 2}, minutes_ago=2, labels={"cause": "refused"}
    )
    return city


def _minute(city: City, ago: int) -> None:
    for family in (Family.AIR, Family.NOISE, Family.WEATHER, Family.WATER, Family.POWER, Family.SCENE):
        city.say(JUNCTION, f"all-{family}", family, believable(family), minutes_ago=ago)
    for place in (JUNCTION, SCHOOL):
        city.say(place, "link", Family.HEALTH, {"online": 1}, minutes_ago=ago)
        city.say(place, "agent", Family.HEALTH, {**believable(Family.HEALTH), "cpu": 10}, minutes_ago=ago)
    counters = {"frames": 6000 - 60 * ago, "rejected": 300 - 10 * ago, "restarts": 3 if ago == 0 else 2, "frame_age": 1}
    city.say(JUNCTION, "dust", Family.HEALTH, counters, minutes_ago=ago)
    for line, direction, kind, count in (
        ("l1", "in", "motorcycle", 12),
        ("l1", "in", "car", 3),
        ("l1", "in", "pedestrian", 5),
        ("l1", "out", "motorcycle", 6),
        ("l1", "out", "car", 0),
    ):
        labels = {"line": line, "direction": direction, "class": kind}
        minute = {**believable(Family.TRAFFIC), "count": count, "observed": 60}
        city.say(JUNCTION, "cam-north", Family.TRAFFIC, minute, minutes_ago=ago, labels=labels)
    crossing = {"count": 1, "visible": 2.5, "speed": 30.5, "length": 2, "width": 0.8}
    labels = {"line": "l1", "direction": "in", "class": "motorcycle"}
    city.say(JUNCTION, "cam-north", Family.CROSSING, crossing, minutes_ago=ago, labels=labels)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A real InfluxDB 1.6 that holds the small city."""
    folder: Path = tmp_path_factory.mktemp("influxdb")
    with servers.running(servers.influxdb1(folder)) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        client.post("/query", params={"q": "CREATE DATABASE simpang"}).raise_for_status()
        city = small_city(time.time_ns() // 1_000_000)
        answer = client.post("/write", params={"db": "simpang"}, content="\n".join(city.lines))
        assert answer.status_code == 204, answer.text
        yield Database(client, city)
