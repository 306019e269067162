"""The dashboard of the whole city: who reports, how old the data are, air and traffic of all sites."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from hub.grafana import agents, families, frame, influxql, panel, titles, traffic, units, variables
from hub.grafana.target import InfluxQuery
from telemetry.quantity import Family

_GOOD = (influxql.GOOD,)
_AIR = ("pm2_5", "pm10", "co2")
_COMFORT = ("temperature", "humidity")


def city() -> Dashboard:
    """Return the dashboard."""
    board = frame.empty("simpang-city", "Simpang: Kota / City", since="now-3h", variables=[variables.quality()])
    frame.add_row(board, "Keadaan / State", _state())
    frame.add_row(board, titles.FAMILIES[Family.AIR], _air())
    frame.add_row(board, titles.FAMILIES[Family.TRAFFIC], _traffic())
    return frame.numbered(board)


def _state() -> frame.Panels:
    yield agents.agents_reporting()
    yield agents.agents_known()
    yield agents.sensors_reporting()
    yield agents.latest()
    yield agents.missing()
    yield agents.states()
    yield agents.data_ages()
    yield agents.agent_strips().span(24)


def _air() -> frame.Panels:
    yield families.newest(Family.AIR, *_AIR, *_COMFORT, where=_GOOD).span(24)
    for quantity in families.quantities(Family.AIR, *_AIR):
        query = influxql.over_time(
            f'mean("{quantity.name}") AS "{quantity.name}"', Family.AIR, where=_GOOD, by=("site",)
        )
        yield panel.quantity_chart([quantity], InfluxQuery(query, alias="$tag_site"), every="1m").span(8)


def _traffic() -> frame.Panels:
    by_site = InfluxQuery(influxql.per_minute(where=_GOOD, by=("site",)), alias="$tag_site")
    by_class = InfluxQuery(influxql.per_minute(where=_GOOD, by=("class",)), alias="$tag_class")
    plain = units.GRAFANA[""]
    yield panel.chart("Kendaraan per menit per lokasi / Vehicles a minute by site", plain, by_site, every="5m")
    yield panel.stacked(
        panel.chart("Kendaraan per menit per kelas / Vehicles a minute by class", plain, by_class, every="5m")
    )
    yield traffic.totals(_GOOD, by=("site", "class"))
    yield families.newest(Family.TRAFFIC, "count", "observed", where=_GOOD, by=(*influxql.EACH_SENSOR, "line"))
