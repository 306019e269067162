"""Thins lines to one a minute for each sensor: means of what is measured, the last of what is a state.

Counts of traffic are never thinned. What each quantity's minute is follows its nature: directions are averaged on the
circle, sound levels by their energy (IEC 61672-1), rain adds up, a gust's or a peak's minute is its greatest value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import atan2, cos, degrees, fsum, log10, radians, sin

from edge_agent.taken import Dated
from telemetry.catalogue import BY_FAMILY
from telemetry.line import parse_line
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement, Reading

_MINUTE_MS = 60_000
_DIGITS = 9
"""Significant ones of a mean: a decimetre of a latitude, and far beyond any sensor elsewhere."""

_NO_DIRECTION = 1e-9
_STATES = frozenset({Family.HEALTH, Family.SCENE})
_KEPT = frozenset({Family.TRAFFIC, Family.CROSSING, Family.ATTENDANCE, Family.GAP})

Values = Sequence[float]
_Key = tuple[str, Family, Quality, int]


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _mean(values: Values) -> float:
    return _rounded(fsum(values) / len(values))


def _level(values: Values) -> float:
    """Return the mean level by energy, from the loudest down, so that no value is too large for it."""
    loudest = max(values)
    return _rounded(loudest + 10 * log10(fsum(10 ** ((value - loudest) / 10) for value in values) / len(values)))


def _direction(values: Values) -> float:
    """Return the mean direction in degrees; where opposite ones cancel out there is none, and the last stands."""
    east, north = fsum(sin(radians(v)) for v in values), fsum(cos(radians(v)) for v in values)
    if abs(east) + abs(north) < _NO_DIRECTION:
        return values[-1]
    return _rounded(degrees(atan2(east, north)) + 360) % 360


def _last(values: Values) -> float:
    return values[-1]


_COMBINED: Mapping[tuple[Family, str], Callable[[Values], float]] = {
    (Family.WEATHER, "wind_direction"): _direction,
    (Family.WEATHER, "wind_gust"): max,
    (Family.WEATHER, "rain"): fsum,
    (Family.NOISE, "la"): _level,
    (Family.NOISE, "laeq"): _level,
    (Family.NOISE, "lamax"): max,
    (Family.POWER, "energy"): fsum,
}
"""Quantities whose minute is not the arithmetic mean."""


@dataclass(frozen=True, slots=True)
class Thinned:
    """What is left of some lines: those kept as they are, and means that need numbers of their own."""

    kept: tuple[bytes, ...]
    means: tuple[Dated, ...] = ()
    replaced: tuple[bytes, ...] = ()


def thinned(lines: Iterable[bytes]) -> Thinned:
    """Thin lines, each with its line feed, that follow each other in time; raises BadReading for a line not ours."""
    minutes: defaultdict[_Key, list[tuple[Reading, bytes]]] = defaultdict(list)
    kept: list[bytes] = []
    for line in lines:
        reading = parse_line(line)
        said = reading.measurement
        if said.family in _KEPT:
            kept.append(line)
        else:
            key = reading.sensor, said.family, said.quality, reading.time // _MINUTE_MS
            minutes[key].append((reading, line))
    means = []
    replaced: list[bytes] = []
    for (sensor, family, _, _), members in minutes.items():
        if len(members) == 1 or family in _STATES:
            kept.append(members[-1][1])
            replaced += [line for _, line in members[:-1]]
        else:
            means.append((sensor, *_averaged([reading for reading, _ in members])))
            replaced += [line for _, line in members]
    return Thinned(tuple(kept), tuple(means), tuple(replaced))


def _averaged(readings: Sequence[Reading]) -> tuple[Measurement, int]:
    """Return the mean of readings of one sensor and family, dated in their middle."""
    first = readings[0].measurement
    values: defaultdict[str, list[float]] = defaultdict(list)
    for reading in readings:
        for name, value in reading.measurement.values.items():
            values[name].append(value)
    combined = {name: _combined(first.family, name, said) for name, said in values.items()}
    times = [reading.time for reading in readings]
    return Measurement(first.family, combined, {}, first.quality | Quality.AVERAGED), (min(times) + max(times)) // 2


def _combined(family: Family, name: str, values: Values) -> float:
    value = _COMBINED.get((family, name), _mean)(values)
    return round(value) if BY_FAMILY[family][name].whole else value
