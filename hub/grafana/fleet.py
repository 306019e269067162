"""The dashboard of the technicians: the health of all agents and their sources, and what is known to be missing."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from hub.grafana import (
    agents,
    completeness,
    families,
    frame,
    influxql,
    panel,
    position,
    summary,
    titles,
    units,
    variables,
)
from hub.grafana.target import InfluxQuery
from telemetry.quantity import Family

_CHOSEN = influxql.chosen("site", "agent")
_OF_AGENT = (*_CHOSEN, influxql.OF_AGENT)
_OF_SOURCES = (*_CHOSEN, influxql.OF_SOURCES)
_AGENT = ("cpu", "temperature", "memory", "disk", "rss", "uptime", "spool_batches", "spool_readings", "spool_bytes")
_SOURCE = ("frames", "rejected", "restarts", "frame_age")
_COUNTERS = ("frames", "rejected", "restarts")


def fleet() -> Dashboard:
    """Return the dashboard."""
    choices = [variables.site(several=True), variables.agent()]
    board = frame.empty("simpang-fleet", "Simpang: Kesehatan armada / Fleet health", since="now-6h", variables=choices)
    frame.add_row(board, titles.TAGS["agent"], _agents())
    frame.add_row(board, "Sumber / Sources", _sources())
    frame.add_row(board, titles.FAMILIES[Family.GAP], _gaps())
    numbers = completeness.of_numbers(_CHOSEN, by=influxql.EACH_SENSOR)
    frame.add_row(board, completeness.TITLE, [numbers.span(24)], collapsed=True)
    frame.add_row(board, titles.POSITION, [position.newest(_CHOSEN).span(24)], collapsed=True)
    return frame.numbered(board)


def _agents() -> frame.Panels:
    yield from summary.figures(_CHOSEN)
    yield agents.states(_CHOSEN)
    yield agents.strips(_CHOSEN)
    by = influxql.EACH_AGENT
    yield families.newest(Family.HEALTH, *_AGENT, where=_OF_AGENT, by=by, title=titles.TAGS["agent"]).span(24)
    for quantity in families.quantities(Family.HEALTH, *_AGENT):
        query = influxql.over_time(
            f'mean("{quantity.name}") AS "{quantity.name}"', Family.HEALTH, where=_OF_AGENT, by=by
        )
        yield panel.quantity_chart([quantity], InfluxQuery(query, alias="$tag_site $tag_agent"), every="30s").span(8)


def _sources() -> frame.Panels:
    yield families.newest(Family.HEALTH, *_SOURCE, where=_OF_SOURCES, title="Sumber / Sources", having="frames").span(
        24
    )
    alias = "$tag_site $tag_agent $tag_sensor"
    by = influxql.EACH_SENSOR
    (age,) = families.quantities(Family.HEALTH, "frame_age")
    oldest = influxql.over_time('max("frame_age") AS "frame_age"', Family.HEALTH, where=_OF_SOURCES, by=by)
    yield panel.quantity_chart([age], InfluxQuery(oldest, alias=alias), every="30s")
    for counter in families.quantities(Family.HEALTH, *_COUNTERS):
        grown = influxql.increase(counter.name, Family.HEALTH, where=_OF_SOURCES, by=by)
        title = f"{counter.title_id} per selang / {counter.title} per interval"
        yield panel.chart(title, units.of(counter), InfluxQuery(grown, alias=alias), every="1m")


def _gaps() -> frame.Panels:
    yield completeness.by_cause(_CHOSEN, by=influxql.EACH_SENSOR)
    curve = influxql.over_time('sum("count") AS "count"', Family.GAP, where=_CHOSEN, by=("cause",))
    title = "Pembacaan hilang per selang / Readings missing per interval"
    chart = panel.chart(title, units.GRAFANA[""], InfluxQuery(curve, alias="$tag_cause"), every="1m")
    yield panel.stacked(panel.renamed(chart, titles.CAUSES))
    newest = families.newest(Family.GAP, "count", "first", "last", where=_CHOSEN, by=(*influxql.EACH_SENSOR, "cause"))
    yield completeness.marked(newest).span(24)
