"""Panels about agents and the age of what they say, which several dashboards share."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import stat, statetimeline
from grafana_foundation_sdk.models.common import BigValueTextMode
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, ValueMap, ValueMappingResult

from hub.grafana import families, influxql, panel
from hub.grafana.target import InfluxQuery
from telemetry.quantity import Family

_ONLINE = {
    "1": ValueMappingResult(text="Terhubung / Online", color="green"),
    "0": ValueMappingResult(text="Terputus / Offline", color="red"),
}
_SAYING = (*influxql.MEASURED, Family.SCENE)
"""Families whose newest row tells how old a sensor's data are."""


def states(where: Sequence[str] = (), *, by: Sequence[str] = influxql.EACH_AGENT) -> panel.Table:
    """Return the table of agents: online or not as the hub last saw it, and how old that word is."""
    (online,) = families.quantities(Family.HEALTH, "online")
    query = influxql.newest(Family.HEALTH, ("online",), where=(influxql.OF_LINK, *where), by=by)
    shown = panel.newest_table("Keadaan agen / State of agents", by, [online], InfluxQuery(query, table=True))
    return shown.override_by_name("online", [DynamicConfigValue("mappings", [ValueMap(options=_ONLINE)])])


def data_ages(where: Sequence[str] = (), *, by: Sequence[str] = influxql.EACH_SENSOR) -> panel.Table:
    """Return the table of sensors with the age of their newest row, the oldest first."""
    query = InfluxQuery(influxql.newest(_SAYING, ("seq",), where=where, by=by), table=True)
    return panel.newest_table("Umur data per sensor / Data age by sensor", by, [], query)


def latest(where: Sequence[str] = ()) -> stat.Panel:
    """Return the age of the newest row of all."""
    query = influxql.newest(_SAYING, ("seq",), where=where, by=())
    return panel.newest_age("Data terakhir / Latest data", InfluxQuery(query, table=True)).span(5)


def agents_reporting(where: Sequence[str] = ()) -> stat.Panel:
    """Return how many agents reported in the last five minutes."""
    return _counted("Agen melapor / Reporting", influxql.HEARD, where).description("5 menit terakhir / last 5 minutes")


def agents_known(where: Sequence[str] = ()) -> stat.Panel:
    """Return how many agents reported in a week, which those of the last five minutes are measured against."""
    return _counted("Agen dikenal / Known", influxql.KNOWN, where).description("7 hari terakhir / last 7 days")


def _counted(title: str, since: str, where: Sequence[str]) -> stat.Panel:
    of_agent = (influxql.OF_AGENT, *where)
    query = influxql.reporting(Family.HEALTH, since, where=of_agent, by=influxql.EACH_AGENT)
    return panel.figure(title, InfluxQuery(query)).text_mode(BigValueTextMode.VALUE).span(4)


def sensors_reporting(where: Sequence[str] = ()) -> stat.Panel:
    """Return how many sensors of each family reported in the last five minutes."""
    query = influxql.reporting(_SAYING, influxql.HEARD, where=where, by=influxql.EACH_SENSOR)
    figure = panel.figure("Sensor melapor / Sensors reporting", InfluxQuery(query, alias="$m"))
    return figure.description("5 menit terakhir / last 5 minutes")


def missing(where: Sequence[str] = ()) -> stat.Panel:
    """Return how many readings are known to be missing in the time shown."""
    query = influxql.select('sum("count") AS "count"', Family.GAP, where=(influxql.SHOWN, *where))
    return (
        panel.figure("Pembacaan hilang / Readings missing", InfluxQuery(query))
        .text_mode(BigValueTextMode.VALUE)
        .span(5)
    )


def doubtful(where: Sequence[str], *, by: Sequence[str]) -> panel.Table:
    """Return how many readings of each sensor are marked as doubtful in the time shown."""
    marked = (influxql.SHOWN, '"quality" > 0', *where)
    query = influxql.select('count("quality") AS "count"', influxql.MEASURED, where=marked, by=by)
    title = "Pembacaan diragukan / Doubtful readings"
    shown = panel.table(title, by, [], InfluxQuery(query, table=True), timed=False)
    return shown.override_by_name("count", [panel.named("Jumlah / Count")])


def agent_strips(where: Sequence[str] = ()) -> statetimeline.Panel:
    """Return one strip an agent, red wherever it said nothing for five minutes."""
    query = influxql.presence(Family.HEALTH, where=(influxql.OF_AGENT, *where), by=influxql.EACH_AGENT)
    return panel.strip("Kehadiran agen / Presence of agents", InfluxQuery(query, alias="$tag_site $tag_agent"))


def sensor_strips(where: Sequence[str] = ()) -> statetimeline.Panel:
    """Return one strip a sensor and family, red wherever it said nothing for five minutes."""
    query = influxql.presence(_SAYING, where=where, by=influxql.EACH_SENSOR)
    return panel.strip("Kehadiran sensor / Presence of sensors", InfluxQuery(query, alias="$tag_agent $tag_sensor $m"))
