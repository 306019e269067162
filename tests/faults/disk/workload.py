"""What a site says, second by second: 24 readings of 20 sensors, all different, so that each can be told again."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from edge_agent.clock import Stamp
from edge_agent.taken import Taken
from telemetry.quantity import Family
from telemetry.reading import Measurement
from tests.support.spooling import BOOT, STAMP, Row

LATER_STAMP = Stamp(STAMP.wall_ms + 86_400_000, 7_000_000_000)
_LATER = 1_000_000
"""From this step on readings belong to the boot after a cut."""


@dataclass(frozen=True, slots=True)
class Sequel:
    """How a site goes on after a fault: in which boot, with which readings, dated how."""

    boot: str
    first: int
    stamp: Stamp

    @property
    def steps(self) -> range:
        """The seconds that it has at most."""
        return range(self.first, self.first + 10)


AFTER_KILL = Sequel(BOOT, 500_000, STAMP)
AFTER_CUT = Sequel("22222222-2222-2222-2222-222222222222", _LATER, LATER_STAMP)

_AIR = [f"dust-{n}" for n in range(12)]
_WEATHER = [f"sky-{n}" for n in range(4)]
_CAMERAS = [f"cam-{n}" for n in range(4)]
_CLASSES = ("motorcycle", "car")


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One reading of the workload: as a source hands it on, and the true time of it."""

    taken: Taken
    milliseconds: int


@cache
def step(number: int) -> tuple[Reading, ...]:
    """Return what the sensors say in one second; always the same objects for the same second."""
    later = number >= _LATER
    stamp, second = (LATER_STAMP, number - _LATER) if later else (STAMP, number)
    at = stamp.monotonic_ns + second * 10**9
    return tuple(Reading(Taken(sensor, said, at), stamp.milliseconds(at)) for sensor, said in _said(number))


def _said(number: int) -> Iterator[tuple[str, Measurement]]:
    made = random.Random(number)
    for sensor in _AIR:
        yield sensor, Measurement(Family.AIR, _drawn(made, "pm1", "pm2_5", "pm10", "temperature", "humidity"))
    for sensor in _WEATHER:
        yield sensor, Measurement(Family.WEATHER, _drawn(made, "temperature", "humidity", "rain", "wind_speed"))
    for sensor in _CAMERAS:
        for kind in _CLASSES:
            values = _drawn(made, "speed_mean", "occupancy") | {"count": made.randint(0, 40)}
            yield sensor, Measurement(Family.TRAFFIC, values, {"line": "l1", "direction": "in", "class": kind})


def _drawn(made: random.Random, *names: str) -> dict[str, float]:
    return {name: round(made.uniform(0, 60), 2) for name in names}


Said = tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, float], ...]]


class Index:
    """Finds the reading that a row says."""

    def __init__(self, steps: Iterable[int]) -> None:
        """Know the readings of some steps."""
        self._known: dict[Said, Reading] = {}
        for number in steps:
            self.add(number)

    def add(self, number: int) -> None:
        """Know one more step."""
        for reading in step(number):
            said = reading.taken.measurement
            self._known[reading.taken.sensor, _sorted(said.labels), _sorted(said.values)] = reading

    def find(self, row: Row) -> Reading | None:
        """Return the reading that a row says, None if nobody ever said that."""
        return self._known.get((row.sensor, _sorted(row.labels), _sorted(row.values)))

    def is_mean(self, row: Row) -> bool:
        """Tell whether a row's values lie where the mean of some of its sensor's readings may lie."""
        taken = [r.taken for r in self._known.values()]
        same = [t.measurement for t in taken if t.sensor == row.sensor and t.measurement.labels == row.labels]
        return all(_is_between(value, [said.values.get(name) for said in same]) for name, value in row.values.items())


def _is_between(value: float, said: Sequence[float | None]) -> bool:
    known = [v for v in said if v is not None]
    return bool(known) and min(known) - 0.01 <= value <= max(*known, sum(known)) + 0.01


def _sorted(said: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(said.items()))
