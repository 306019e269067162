"""Panels about agents, and what is known to be missing, which several dashboards share."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import stat, statetimeline
from grafana_foundation_sdk.models.common import BigValueTextMode
from grafana_foundation_sdk.models.dashboard import ValueMappingResult

from hub.grafana import families, headings, influxql, panel, tables, titles, units
from hub.grafana.target import InfluxQuery
from telemetry.quantity import Family

_ONLINE = {
    "1": ValueMappingResult(text="Terhubung / Online", color="green"),
    "0": ValueMappingResult(text="Terputus / Offline", color="red"),
}
_STATE_WIDTH = 150


def states(where: Sequence[str] = (), *, by: Sequence[str] = influxql.EACH_AGENT) -> tables.Table:
    """Return the table of agents, those offline first: online or not as the hub last saw it, and when that was."""
    (online,) = families.quantities(Family.HEALTH, "online")
    query = influxql.newest(Family.HEALTH, ("online",), where=(influxql.OF_LINK, *where), by=by)
    shown = tables.table("Keadaan agen / State of agents", by, [online], InfluxQuery(query, table=True))
    width = tables.setting("custom.minWidth", _STATE_WIDTH)
    shown.override_by_name("online", [tables.texts(_ONLINE), width, tables.setting("custom.align", "left")])
    shown.override_by_name("Time", [tables.named(titles.HUBS_WORD)])
    shown.description("Waktu: kata terakhir hub, bukan umur data / Time: the hub's last word, not the age of data")
    return tables.sorted_by(shown, headings.of(online), titles.HUBS_WORD)


def offline(where: Sequence[str] = ()) -> stat.Panel:
    """Return how many agents are offline by the hub's last word."""
    query = InfluxQuery(influxql.offline(where=where))
    shown = panel.alarming(panel.figure("Agen terputus / Agents offline", query), units.any_is_bad())
    return shown.text_mode(BigValueTextMode.VALUE).description("Menurut kata terakhir hub / By the hub's last word")


def reporting(where: Sequence[str] = ()) -> stat.Panel:
    """Return how many agents reported in the last five minutes."""
    heard, nobody = _counted(influxql.HEARD, where), InfluxQuery(influxql.zero("sources"), table=True)
    shown = panel.sum_figure("Agen melapor / Reporting", heard, nobody)
    return shown.description("5 menit terakhir / last 5 minutes")


def known(where: Sequence[str] = ()) -> stat.Panel:
    """Return how many agents reported in a week, which those of the last five minutes are measured against."""
    shown = panel.sum_figure("Agen dikenal / Known", _counted(influxql.KNOWN, where))
    return shown.description("7 hari terakhir / last 7 days")


def missing(where: Sequence[str] = ()) -> stat.Panel:
    """Return how many readings are known to be missing in the time shown."""
    counted = influxql.select('sum("count") AS "count"', Family.GAP, where=(influxql.SHOWN, *where))
    none = influxql.zero("count")
    title = "Pembacaan hilang / Readings missing"
    shown = panel.sum_figure(title, InfluxQuery(counted, table=True), InfluxQuery(none, table=True))
    return panel.alarming(shown, units.missing()).description("Pada rentang waktu / In the time shown")


def strips(where: Sequence[str] = ()) -> statetimeline.Panel:
    """Return one strip an agent, red wherever it said nothing for five minutes."""
    query = influxql.presence(Family.HEALTH, where=(influxql.OF_AGENT, *where), by=influxql.EACH_AGENT)
    return panel.strip("Kehadiran agen / Presence of agents", InfluxQuery(query, alias="$tag_site $tag_agent"))


def _counted(since: str, where: Sequence[str]) -> InfluxQuery:
    of_agent = (influxql.OF_AGENT, *where)
    return InfluxQuery(influxql.reporting(Family.HEALTH, since, where=of_agent, by=influxql.EACH_AGENT), table=True)
