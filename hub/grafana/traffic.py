"""Panels of traffic: flow of vehicles and of pedestrians, the last minute, speeds, and single crossings."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import timeseries

from hub.grafana import families, frame, influxql, panel, tables, titles, units
from hub.grafana.target import InfluxQuery
from telemetry.quantity import Family, Quantity

_MOVEMENT = ("line", "direction", "class")
_SPEEDS = (("speed_mean", "speed_p15", "speed_p50", "speed_p85"), ("occupancy",), ("headway",), ("queue",))
_OF_LINE = (*influxql.EACH_SENSOR, "line")
_VEHICLES = Quantity(Family.TRAFFIC, "vehicles", "Vehicles", "Kendaraan", "", 0, 1e6, whole=True)
_PEDESTRIANS = Quantity(Family.TRAFFIC, "pedestrians", "Pedestrians", "Pejalan kaki", "", 0, 1e6, whole=True)
_WITHOUT_PEDESTRIANS = "Tanpa pejalan kaki; dengan yang tidak dikenal / Without pedestrians; with those not recognised"
_CALIBRATED = (
    "Perlu kamera terkalibrasi; belum ada yang mengirim nilai ini / "
    "Needs a calibrated camera; none sends these values yet"
)


def vehicles(title: str, where: Sequence[str], *, by: Sequence[str], every: str = "1m") -> timeseries.Panel:
    """Return the chart of vehicles a minute."""
    return _flow(title, (influxql.OF_VEHICLES, *where), by, every).description(_WITHOUT_PEDESTRIANS)


def vehicles_by_class(where: Sequence[str], *, every: str = "1m") -> timeseries.Panel:
    """Return the stacked chart of vehicles a minute by class."""
    title = "Kendaraan per menit per kelas / Vehicles a minute by class"
    return panel.stacked(panel.renamed(vehicles(title, where, by=("class",), every=every), titles.CLASSES))


def pedestrians(where: Sequence[str], *, by: Sequence[str], every: str = "1m") -> timeseries.Panel:
    """Return the chart of pedestrians a minute."""
    return _flow("Pejalan kaki per menit / Pedestrians a minute", (influxql.OF_PEDESTRIANS, *where), by, every)


def last_minute(where: Sequence[str]) -> tables.Table:
    """Return what each line counted in its last minute, all directions and classes together."""
    whole = f'sum("count") AS "{_VEHICLES.name}", max("observed") AS "observed"'
    sums = (
        influxql.last_minute(whole, where=(influxql.OF_VEHICLES, *where), by=_OF_LINE),
        influxql.last_minute(
            f'sum("count") AS "{_PEDESTRIANS.name}"', where=(influxql.OF_PEDESTRIANS, *where), by=_OF_LINE
        ),
    )
    shown = [_VEHICLES, _PEDESTRIANS, *families.quantities(Family.TRAFFIC, "observed")]
    title = "Lalu lintas: menit terakhir per garis / Traffic: last minute by line"
    table = tables.newest(title, _OF_LINE, shown, *(InfluxQuery(each, table=True) for each in sums))
    return table.description(
        "Jumlah semua arah dan kelas pada menit utuh terakhir, tidak lebih tua dari 3 jam / "
        f"All directions and classes of the last whole minute, not older than 3 hours. {_WITHOUT_PEDESTRIANS}"
    )


def flow(where: Sequence[str]) -> frame.Panels:
    """Yield vehicles and pedestrians a minute, totals, and the newest minute of each movement."""
    by = ("agent", "sensor", "line", "direction")
    title = "Kendaraan per menit per garis dan arah / Vehicles a minute by line and direction"
    yield vehicles(title, where, by=by)
    yield vehicles_by_class(where)
    yield pedestrians(where, by=by).span(8)
    yield totals(where, by=("sensor", *_MOVEMENT)).span(16)
    yield families.newest(Family.TRAFFIC, "count", "observed", where=where, by=("sensor", *_MOVEMENT)).span(24)


def totals(where: Sequence[str], *, by: Sequence[str]) -> tables.Table:
    """Return how many were counted in the time shown."""
    query = influxql.select('sum("count") AS "count"', Family.TRAFFIC, where=(influxql.SHOWN, *where), by=by)
    title = "Jumlah pada rentang waktu / Totals in the time shown"
    counted = families.quantities(Family.TRAFFIC, "count")
    return tables.table(title, by, counted, InfluxQuery(query, table=True), timed=False)


def speeds(where: Sequence[str]) -> frame.Panels:
    """Yield speeds, occupancy, headway and queues of each line and direction."""
    for names in _SPEEDS:
        group = families.quantities(Family.TRAFFIC, *names)
        yield families.chart(group, where=where, labels=("line", "direction")).description(_CALIBRATED)


def crossings(where: Sequence[str]) -> frame.Panels:
    """Yield the last 50 crossings, the newest first, and how many there were."""
    shown = families.quantities(Family.CROSSING)
    tags = ("sensor", *_MOVEMENT)
    fields = ", ".join(f'"{name}"' for name in (*tags, *(q.name for q in shown)))
    newest_first = influxql.select(
        fields, Family.CROSSING, where=(influxql.SHOWN, *where), tail="ORDER BY time DESC LIMIT 50"
    )
    table = tables.table("Lintasan terakhir / Last crossings", tags, shown, InfluxQuery(newest_first, table=True))
    yield table.span(24)
    counted = influxql.over_time('sum("count") AS "count"', Family.CROSSING, where=where, by=("line", "direction"))
    title = "Lintasan per selang / Crossings per interval"
    query = InfluxQuery(counted, alias="$tag_line $tag_direction")
    yield panel.stacked(panel.chart(title, units.GRAFANA[""], query, every="1m")).span(24)


def _flow(title: str, where: Sequence[str], by: Sequence[str], every: str) -> timeseries.Panel:
    alias = " ".join(f"$tag_{tag}" for tag in by)
    query = InfluxQuery(influxql.per_minute(where=where, by=by), alias=alias)
    return panel.chart(title, units.GRAFANA[""], query, every=every)
