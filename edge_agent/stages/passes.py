"""Joins a radar's samples into crossings, and tells each minute how many there were and how fast.

Samples of one direction that follow each other within half a second, and whose speeds can be of one vehicle, are one
pass. Two vehicles close behind each other at the same speed are one pass to a radar of one target: it counts too few on
a dense road, and says so in its notes. A pass's speed is the 85th percentile of its samples, since the angle makes the
first and the last read low.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from edge_agent.taken import Taken
from edge_agent.vision.interval import SECOND, Intervals, Movement, Total
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement

_LINE, _CLASS = "radar", "unknown"
_DIRECTIONS = ("in", "out")
_GAP = SECOND // 2
_SLOWEST = 5.0
"""km/h under which leaves and people are."""

_FEWEST = 3
_HARDEST = 30.0
"""km/h a second by which a vehicle's speed can change, and by which samples scatter besides."""

_LONGEST = 4096
"""Samples of one pass, more than a minute of them; a target that stays is told in parts."""


@dataclass(slots=True)
class _Pass:
    """Samples that are believed to be of one vehicle."""

    last: int
    speeds: list[float] = field(default_factory=list)


class Passes:
    """A stage: takes samples, returns crossings at once and the traffic of each minute of the wall clock."""

    def __init__(self, interval: float = 60, wall: Callable[[], int] | None = None) -> None:
        """Take in `wall` what returns the nanoseconds by which the wall clock is ahead of the monotonic one."""
        movements = [Movement(_LINE, direction, _CLASS) for direction in _DIRECTIONS]
        self._intervals = Intervals(movements, interval, wall or _wall)
        self._speeds: defaultdict[str, list[float]] = defaultdict(list)
        self._open: dict[str, _Pass] = {}
        self._heard: int | None = None

    def take(self, taken: Taken) -> Iterator[Taken]:
        """Take a sample; return what it brings to an end."""
        if taken.measurement.family is not Family.CROSSING:
            yield taken
            return
        at, speed = taken.at, taken.measurement.values["speed"]
        yield from self._ended(taken.sensor, at)
        yield from self._seen(taken.sensor, at)
        direction = taken.measurement.labels.get("direction")
        if direction is None or speed < _SLOWEST:
            return
        present = self._open.get(direction)
        if present and not _belongs(speed, at, present):
            yield from self._crossed(taken.sensor, direction)
            present = None
        present = present or self._open.setdefault(direction, _Pass(at))
        present.last = at
        if len(present.speeds) < _LONGEST:
            present.speeds.append(speed)

    def finish(self, sensor: str, at: int) -> Iterator[Taken]:
        """End the open passes and the open minute."""
        for direction in tuple(self._open):
            yield from self._crossed(sensor, direction)
        yield from self._totals(sensor, self._intervals.finish(at))
        self._heard = None

    def _seen(self, sensor: str, at: int) -> Iterator[Taken]:
        """Account for the time since the sample before: the road was seen, if it was short."""
        before, self._heard = self._heard, at
        if before is not None and at - before <= 2 * SECOND:
            yield from self._totals(sensor, self._intervals.saw(before, at))
        else:
            yield from self._totals(sensor, self._intervals.advance(at))

    def _ended(self, sensor: str, at: int) -> Iterator[Taken]:
        for direction, present in tuple(self._open.items()):
            if at - present.last > _GAP:
                yield from self._crossed(sensor, direction)

    def _crossed(self, sensor: str, direction: str) -> Iterator[Taken]:
        """Tell a pass that is over; a flicker of one or two samples is none."""
        present = self._open.pop(direction)
        if len(present.speeds) < _FEWEST:
            return
        speed = round(percentile(present.speeds, 85), 1)
        self._intervals.count(Movement(_LINE, direction, _CLASS))
        self._speeds[direction].append(speed)
        labels = {"line": _LINE, "direction": direction, "class": _CLASS}
        yield Taken(sensor, Measurement(Family.CROSSING, {"count": 1, "speed": speed}, labels), present.last)

    def _totals(self, sensor: str, totals: Iterable[Total]) -> Iterator[Taken]:
        for total in totals:
            for movement, count in total.counts.items():
                labels = {"line": movement.line, "direction": movement.direction, "class": movement.kind}
                values = {"count": count, "observed": round(total.observed, 3)}
                values |= _statistics(self._speeds.pop(movement.direction, []))
                quality = Quality.GOOD if total.whole else Quality.PARTIAL
                yield Taken(sensor, Measurement(Family.TRAFFIC, values, labels, quality), total.middle)


def _belongs(speed: float, at: int, present: _Pass) -> bool:
    """Tell whether a speed can be that of the vehicle before it."""
    return abs(speed - present.speeds[-1]) <= _HARDEST * max((at - present.last) / SECOND, 0.2)


def _statistics(speeds: list[float]) -> Mapping[str, float]:
    if not speeds:
        return {}
    shares = {f"speed_p{share}": round(percentile(speeds, share), 1) for share in (15, 50, 85)}
    return {"speed_mean": round(sum(speeds) / len(speeds), 1)} | shares


def percentile(values: list[float], share: float) -> float:
    """Return a percentile, between two values in proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _wall() -> int:
    return time.time_ns() - time.monotonic_ns()
