"""Panels of a family of quantities: its newest values with their age, and a chart for each unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from grafana_foundation_sdk.builders import timeseries

from hub.grafana import influxql, panel, tables, titles
from hub.grafana.target import InfluxQuery
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family, Quantity

_TOGETHER: Mapping[Family, tuple[tuple[str, ...], ...]] = {
    Family.AIR: (
        ("pm1", "pm2_5", "pm4", "pm10", "tsp"),
        ("co2",),
        ("co",),
        ("no2", "so2", "o3"),
        ("ch2o",),
        ("temperature",),
        ("humidity",),
        ("pressure",),
    ),
    Family.SCENE: (
        ("measurable", "frozen", "dark"),
        ("frame_age",),
        ("frames", "skipped"),
        ("decode_errors", "reconnects"),
        ("brightness", "contrast"),
        ("sharpness",),
    ),
}
"""Quantities that one chart shows, where a common unit is not enough for a common axis."""

_HOW: Mapping[tuple[Family, str], str] = {
    (Family.WEATHER, "rain"): "sum",
    (Family.WEATHER, "wind_direction"): "last",
    (Family.POWER, "energy"): "sum",
}
"""How an interval is summed up where the mean would mean nothing."""


def quantities(family: Family, *names: str) -> tuple[Quantity, ...]:
    """Return a family's quantities, the named ones or all that are not kept aside."""
    known = BY_FAMILY[family]
    return tuple(known[name] for name in names) if names else tuple(q for q in known.values() if not q.aside)


def newest(
    family: Family,
    *names: str,
    where: Sequence[str],
    by: Sequence[str] = influxql.EACH_SENSOR,
    title: str = "",
    having: str = "seq",
) -> tables.Table:
    """Return the table of the newest row of each source, with its age: the named quantities, or all of the family.

    `having` names a field without which a row does not count; every row has a `seq`.
    """
    shown = quantities(family, *names)
    fields = (having, *(quantity.name for quantity in shown if quantity.name != having))
    query = InfluxQuery(influxql.newest(family, fields, where=where, by=by), table=True)
    heading = title or titles.FAMILIES[family]
    return tables.newest(f"{heading}: nilai terbaru / newest values", by, shown, query)


def charts(family: Family, *names: str, where: Sequence[str]) -> Iterator[timeseries.Panel]:
    """Yield a chart for each unit of the family, or as `_TOGETHER` says: of the named quantities, or of all."""
    for group in _groups(family):
        if not names or group[0].name in names:
            yield chart(group, where=where)


def chart(group: Sequence[Quantity], *, where: Sequence[str], labels: Sequence[str] = ()) -> timeseries.Panel:
    """Return one chart of quantities that share a unit: a curve for each, its sensor and its labels."""
    several = len(group) > 1
    who = " ".join(f"$tag_{tag}" for tag in ("agent", "sensor", *labels))
    by = (*influxql.EACH_SENSOR, *labels)
    queries = []
    for quantity in group:
        what = f'{_HOW.get((quantity.family, quantity.name), "mean")}("{quantity.name}") AS "{quantity.name}"'
        alias = f"{titles.of(quantity)} {who}" if several else who
        queries.append(InfluxQuery(influxql.over_time(what, quantity.family, where=where, by=by), alias=alias))
    return panel.quantity_chart(group, *queries)


def _groups(family: Family) -> Iterator[tuple[Quantity, ...]]:
    if family in _TOGETHER:
        yield from (quantities(family, *names) for names in _TOGETHER[family])
        return
    for _, same in groupby(quantities(family), key=lambda quantity: quantity.unit):
        yield tuple(same)
