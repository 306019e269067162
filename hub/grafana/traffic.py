"""Panels of one site's traffic: flow by line, direction and class, speeds, and single crossings."""

from __future__ import annotations

from hub.grafana import families, frame, influxql, panel, units
from hub.grafana.target import InfluxQuery
from telemetry.quantity import Family

_MOVEMENT = ("line", "direction", "class")
_SPEEDS = (("speed_mean", "speed_p15", "speed_p50", "speed_p85"), ("occupancy",), ("headway",), ("queue",))


def flow(where: tuple[str, ...]) -> frame.Panels:
    """Yield vehicles a minute, totals, and the newest minute of each movement."""
    title = "Kendaraan per menit per garis dan arah / Vehicles a minute by line and direction"
    by_line = influxql.per_minute(where=where, by=("agent", "sensor", "line", "direction"))
    alias = "$tag_agent $tag_sensor $tag_line $tag_direction"
    yield panel.chart(title, units.GRAFANA[""], InfluxQuery(by_line, alias=alias), every="1m")
    title = "Kendaraan per menit per kelas / Vehicles a minute by class"
    by_class = InfluxQuery(influxql.per_minute(where=where, by=("class",)), alias="$tag_class")
    yield panel.stacked(panel.chart(title, units.GRAFANA[""], by_class, every="1m"))
    yield totals(where, by=("sensor", *_MOVEMENT))
    yield families.newest(Family.TRAFFIC, "count", "observed", where=where, by=("sensor", *_MOVEMENT))


def totals(where: tuple[str, ...], *, by: tuple[str, ...]) -> panel.Table:
    """Return how many were counted in the time shown."""
    query = influxql.select('sum("count") AS "count"', Family.TRAFFIC, where=(influxql.SHOWN, *where), by=by)
    title = "Jumlah pada rentang waktu / Totals in the time shown"
    counted = families.quantities(Family.TRAFFIC, "count")
    return panel.table(title, by, counted, InfluxQuery(query, table=True), timed=False)


def speeds(where: tuple[str, ...]) -> frame.Panels:
    """Yield speeds, occupancy, headway and queues of each line and direction."""
    for names in _SPEEDS:
        group = families.quantities(Family.TRAFFIC, *names)
        yield families.chart(group, where=where, labels=("line", "direction"))


def crossings(where: tuple[str, ...]) -> frame.Panels:
    """Yield the last 50 crossings, the newest first, and how many there were."""
    shown = families.quantities(Family.CROSSING)
    tags = ("sensor", *_MOVEMENT)
    fields = ", ".join(f'"{name}"' for name in (*tags, *(q.name for q in shown)))
    newest_first = influxql.select(
        fields, Family.CROSSING, where=(influxql.SHOWN, *where), tail="ORDER BY time DESC LIMIT 50"
    )
    yield panel.table("Lintasan terakhir / Last crossings", tags, shown, InfluxQuery(newest_first, table=True)).span(16)
    counted = influxql.over_time('sum("count") AS "count"', Family.CROSSING, where=where, by=("line", "direction"))
    title = "Lintasan per selang / Crossings per interval"
    query = InfluxQuery(counted, alias="$tag_line $tag_direction")
    yield panel.stacked(panel.chart(title, units.GRAFANA[""], query, every="1m")).span(8)
