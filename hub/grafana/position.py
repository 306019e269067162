"""The table of positions: a receiver's sentences each tell a part, so the newest of each quantity is taken."""

from __future__ import annotations

from collections.abc import Sequence

from hub.grafana import families, influxql, tables, titles
from hub.grafana.target import InfluxQuery
from telemetry.quantity import Family

_PLACE = ("latitude", "longitude")
_MORE = ("altitude", "fix", "satellites", "hdop", "ground_speed", "course")


def newest(where: Sequence[str]) -> tables.Table:
    """Return each receiver's newest position with its age, and the newest of all else that it told."""
    by = influxql.EACH_SENSOR
    place = influxql.newest(Family.HEALTH, _PLACE, where=where, by=by)
    each = ", ".join(f'last("{name}") AS "{name}"' for name in _MORE)
    more = influxql.select(each, Family.HEALTH, where=(influxql.KNOWN, *where), by=by)
    queries = (InfluxQuery(place, table=True), InfluxQuery(more, table=True))
    shown = families.quantities(Family.HEALTH, *_PLACE, *_MORE)
    return tables.newest(f"{titles.POSITION}: nilai terbaru / newest values", by, shown, *queries, combined=True)
