"""Panels about sensors and the age of what they say, which several dashboards share."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import stat, statetimeline

from hub.grafana import influxql, panel, tables, titles
from hub.grafana.target import InfluxQuery
from telemetry.quantity import Family

_SAYING = (*influxql.MEASURED, Family.SCENE)
"""Families whose newest row tells how old a sensor's data are; of positions it is that of `health` with a `fix`."""

_FIX = "fix"
_NAMES = {family.value: titles.FAMILIES[family] for family in _SAYING} | {Family.HEALTH.value: titles.POSITION}


def data_ages(where: Sequence[str] = (), *, by: Sequence[str] = influxql.EACH_SENSOR) -> tables.Table:
    """Return the table of sensors with the age of their newest row of any family, the oldest first."""
    said = influxql.newest(_SAYING, ("seq",), where=where, by=by)
    positions = influxql.newest(Family.HEALTH, (_FIX,), where=where, by=by)
    queries = (InfluxQuery(said, table=True), InfluxQuery(positions, table=True))
    shown = tables.newest("Umur data per sensor / Data age by sensor", by, [], *queries, combined=True)
    return shown.description("Baris terbaru dari keluarga apa pun / The newest row of any family")


def latest(where: Sequence[str] = ()) -> stat.Panel:
    """Return the age of the newest row of all."""
    query = influxql.newest(_SAYING, ("seq",), where=where, by=())
    return panel.newest_age("Data terakhir / Latest data", InfluxQuery(query, table=True))


def reporting(where: Sequence[str] = ()) -> stat.Panel:
    """Return how many sensors of each family reported in the last five minutes."""
    shown = _counted("Sensor melapor / Sensors reporting", influxql.HEARD, where)
    return shown.description("5 menit terakhir / last 5 minutes")


def known(where: Sequence[str] = ()) -> stat.Panel:
    """Return how many sensors of each family reported in a week, which those of five minutes are measured against."""
    shown = _counted("Sensor dikenal / Sensors known", influxql.KNOWN, where)
    return shown.description("7 hari terakhir / last 7 days")


def doubtful(where: Sequence[str], *, by: Sequence[str]) -> tables.Table:
    """Return how many readings of each sensor are marked as doubtful in the time shown."""
    marked = (influxql.SHOWN, '"quality" > 0', *where)
    query = influxql.select('count("quality") AS "count"', influxql.MEASURED, where=marked, by=by)
    title = "Pembacaan diragukan / Doubtful readings"
    shown = tables.table(title, by, [], InfluxQuery(query, table=True), timed=False)
    return shown.override_by_name("count", [tables.named("Jumlah / Count")])


def strips(where: Sequence[str] = ()) -> statetimeline.Panel:
    """Return one strip a sensor and family, red wherever it said nothing for five minutes."""
    alias = "$tag_agent $tag_sensor $m"
    said = influxql.presence(_SAYING, where=where, by=influxql.EACH_SENSOR)
    positions = influxql.presence(Family.HEALTH, where=where, by=influxql.EACH_SENSOR, field=_FIX)
    queries = (InfluxQuery(said, alias=alias), InfluxQuery(positions, alias=alias))
    return panel.renamed(panel.strip("Kehadiran sensor / Presence of sensors", *queries), _NAMES)


def _counted(title: str, since: str, where: Sequence[str]) -> stat.Panel:
    by = influxql.EACH_SENSOR
    said = influxql.reporting(_SAYING, since, where=where, by=by)
    positions = influxql.reporting(Family.HEALTH, since, where=where, by=by, field=_FIX)
    queries = (InfluxQuery(said, alias="$m"), InfluxQuery(positions, alias="$m"))
    return panel.renamed(panel.figure(title, *queries), _NAMES)
