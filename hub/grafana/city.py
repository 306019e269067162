"""The dashboard of the whole city: who reports, how old the data are, air and traffic of all sites."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from hub.grafana import agents, families, frame, influxql, panel, sensors, summary, titles, traffic, variables
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
    yield from summary.figures()
    yield agents.states()
    yield sensors.data_ages()
    yield agents.strips().span(24)


def _air() -> frame.Panels:
    yield families.newest(Family.AIR, *_AIR, *_COMFORT, where=_GOOD).span(24)
    for quantity in families.quantities(Family.AIR, *_AIR):
        query = influxql.over_time(
            f'mean("{quantity.name}") AS "{quantity.name}"', Family.AIR, where=_GOOD, by=("site",)
        )
        yield panel.quantity_chart([quantity], InfluxQuery(query, alias="$tag_site"), every="1m").span(8)


def _traffic() -> frame.Panels:
    title = "Kendaraan per menit per lokasi / Vehicles a minute by site"
    yield traffic.vehicles(title, _GOOD, by=("site",), every="5m").span(8)
    yield traffic.vehicles_by_class(_GOOD, every="5m").span(8)
    yield traffic.pedestrians(_GOOD, by=("site",), every="5m").span(8)
    yield traffic.totals(_GOOD, by=("site", "class")).span(8)
    yield traffic.last_minute(_GOOD).span(16)
