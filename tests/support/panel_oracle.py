"""What a panel's query must return, worked out from the readings that were said instead of from a database."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from telemetry.quantity import Family
from telemetry.reading import Reading
from tests.support.scripted_agent import ScriptedAgent, time_of

Key = tuple[str, ...]
"""The values of the tags that a query groups by."""

Curves = dict[Key, dict[int, float]]
"""A value at the begin of each interval, in nanoseconds."""

Newest = dict[Key, dict[str, float]]
"""The newest row of each source, its time in nanoseconds among its values."""

MINUTE = 60 * 10**9
SHOWN = 6 * 60 * MINUTE
HOW: Mapping[tuple[str, str], Callable[[Sequence[float]], float]] = {
    ("weather", "rain"): sum,
    ("weather", "wind_direction"): lambda values: values[-1],
    ("power", "energy"): sum,
    ("crossing", "count"): sum,
    ("gap", "count"): sum,
    ("health", "frame_age"): max,
}
"""What several readings in a minute are together, where their mean would mean nothing."""

_CURVE = re.compile(r'SELECT \w+\("(\w+)"\) AS "\1" FROM "(\w+)" WHERE (.*) GROUP BY time\(1m\), (.*) fill\(null\)')
_NEWEST = re.compile(r'SELECT last\("(\w+)"\) AS "\1"((?:, "\w+")+) FROM "(\w+)" WHERE (.*) GROUP BY (.*)')
_EACH = re.compile(r'SELECT ((?:(?:, )?last\("\w+"\) AS "\w+"){2,}) FROM "(\w+)" WHERE (.*) GROUP BY (.*)')


def curves(influxql: str, agents: Iterable[ScriptedAgent], now: int) -> Curves | None:
    """Return the curves by the minute that are asked for, None where a query asks for something else."""
    asked = _CURVE.fullmatch(influxql)
    if asked is None:
        return None
    field, family, where, by = asked.groups()
    together = HOW.get((family, field), fmean)
    found: dict[Key, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for tags, reading in _meant(agents, family, where, field):
        if time_of(reading) >= now - SHOWN:
            start = time_of(reading) // MINUTE * MINUTE
            found[_key(tags, by)][start].append(reading.measurement.values[field])
    return {key: {start: together(values) for start, values in curve.items()} for key, curve in found.items()}


def newest(influxql: str, agents: Iterable[ScriptedAgent]) -> Newest | None:
    """Return the newest rows that are asked for, None where a query asks for something else."""
    asked = _NEWEST.fullmatch(influxql)
    if asked is None:
        return _newest_of_each(influxql, agents)
    first, others, family, where, by = asked.groups()
    found: dict[Key, Reading] = {}
    for tags, reading in _meant(agents, family, where, first):
        key = _key(tags, by)
        if key not in found or time_of(found[key]) < time_of(reading):
            found[key] = reading
    names = (first, *re.findall(r'"(\w+)"', others))
    return {key: _row(reading, names) for key, reading in found.items()}


def _newest_of_each(influxql: str, agents: Iterable[ScriptedAgent]) -> Newest | None:
    """Return the newest value of each field, which together have no time."""
    asked = _EACH.fullmatch(influxql)
    if asked is None:
        return None
    what, family, where, by = asked.groups()
    found: Newest = defaultdict(dict)
    for field in re.findall(r'AS "(\w+)"', what):
        said = sorted(_meant(agents, family, where, field), key=lambda pair: time_of(pair[1]))
        for tags, reading in said:
            found[_key(tags, by)][field] = reading.measurement.values[field]
    return dict(found)


def drawn(series: Iterable[Mapping[str, Any]]) -> Curves:
    """Return the curves in a database's answer, holes left out."""
    return {_tags(one): {at: value for at, value in one["values"] if value is not None} for one in series}


def listed(series: Iterable[Mapping[str, Any]]) -> Newest:
    """Return the rows in a database's answer, one a series, what is not there left out."""
    rows = {_tags(one): dict(zip(one["columns"], one["values"][0], strict=True)) for one in series}
    return {key: {name: value for name, value in row.items() if value is not None} for key, row in rows.items()}


def _meant(
    agents: Iterable[ScriptedAgent], family: str, where: str, field: str
) -> Iterable[tuple[Mapping[str, str], Reading]]:
    """Yield the readings of a family that have a field and that the conditions let through."""
    for agent in agents:
        for reading in agent.readings:
            said, own = reading.measurement, reading.sensor == "agent"
            wanted = said.family is Family(family) and (field == "seq" or field in said.values)
            good = not said.quality or '"quality"' not in where
            right = own if "\"sensor\" = 'agent'" in where else not own or "!~ /^(agent|link)$/" not in where
            if wanted and good and right:
                yield agent.tags(reading), reading


def _key(tags: Mapping[str, str], by: str) -> Key:
    return tuple(tags.get(name, "") for name in sorted(re.findall(r'"(\w+)"', by)))


def _tags(one: Mapping[str, Any]) -> Key:
    return tuple(value for _, value in sorted(one["tags"].items()))


def _row(reading: Reading, names: Iterable[str]) -> dict[str, float]:
    values = {**reading.measurement.values, "seq": reading.seq}
    return {"time": time_of(reading)} | {name: values[name] for name in names if name in values}
