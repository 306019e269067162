"""The dashboard of one site: everything that its sensors measure, with the age and quality of each value."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from hub.grafana import (
    agents,
    completeness,
    families,
    frame,
    influxql,
    ispu,
    sensors,
    tables,
    titles,
    traffic,
    units,
    variables,
)
from hub.grafana.target import InfluxQuery
from telemetry.quantity import Family

_HERE = influxql.chosen("site", "agent", "sensor")
_GOOD = (*_HERE, influxql.GOOD)
_BY = ("agent", "sensor")
_COMMON_AIR = ("pm1", "co2")
_RARE_AIR = ("co", "no2", "temperature", "humidity", "pressure")
"""The first quantity of each chart that every site has, and of each that few have."""

_RARE = (Family.NOISE, Family.WEATHER, Family.WATER, Family.POWER)
"""Families that few sites have; their rows open on request."""


def site() -> Dashboard:
    """Return the dashboard."""
    choices = [variables.site(), variables.agent(), variables.sensor(), variables.quality()]
    board = frame.empty("simpang-site", "Simpang: Lokasi / Site", since="now-6h", variables=choices)
    frame.add_row(board, "Keadaan / State", _state())
    frame.add_row(board, titles.FAMILIES[Family.AIR], _air())
    rare_air = families.charts(Family.AIR, *_RARE_AIR, where=_GOOD)
    frame.add_row(board, "Gas dan kenyamanan / Gases and comfort", rare_air, collapsed=True)
    frame.add_row(board, titles.FAMILIES[Family.TRAFFIC], traffic.flow(_GOOD))
    frame.add_row(board, "Kecepatan dan antrean / Speed and queue", traffic.speeds(_GOOD), collapsed=True)
    frame.add_row(board, titles.FAMILIES[Family.CROSSING], traffic.crossings(_GOOD), collapsed=True)
    frame.add_row(board, titles.FAMILIES[Family.SCENE], _family(Family.SCENE, _HERE))
    for family in _RARE:
        frame.add_row(board, titles.FAMILIES[family], _family(family, _GOOD), collapsed=True)
    frame.add_row(board, completeness.TITLE, _completeness(), collapsed=True)
    return frame.numbered(board)


def _state() -> frame.Panels:
    yield agents.states(influxql.chosen("site", "agent"), by=("agent",)).span(8)
    yield sensors.data_ages(_HERE, by=_BY).span(8)
    yield sensors.doubtful(_HERE, by=_BY).span(8)
    yield sensors.latest(_HERE).span(6)
    yield sensors.strips(_HERE).span(18).height(5)


def _family(family: Family, where: tuple[str, ...]) -> frame.Panels:
    yield families.newest(family, where=where, by=_BY).span(24)
    yield from families.charts(family, where=where)


def _completeness() -> frame.Panels:
    yield completeness.of_numbers(_HERE, by=_BY).span(14)
    yield completeness.by_cause(_HERE, by=_BY).span(10)


def _air() -> frame.Panels:
    yield families.newest(Family.AIR, where=_GOOD, by=_BY).span(24)
    yield from families.charts(Family.AIR, *_COMMON_AIR, where=_GOOD)
    yield _index().span(24)


def _index() -> tables.Table:
    """Return the 24-hour means, coloured by the bands of the ISPU."""
    gases = families.quantities(Family.AIR, *ispu.UPPER)
    means = (InfluxQuery(influxql.day_mean(gas.name, where=_GOOD, by=_BY), table=True) for gas in gases)
    title = "Rata-rata 24 jam, µg/m³, warna ISPU (indikatif) / 24-hour mean, µg/m³, ISPU colours (indicative)"
    shown = tables.table(title, _BY, gases, *means, timed=False)
    for gas in gases:
        plain = tables.setting("unit", units.WHOLE)
        shown.override_by_name(gas.name, [plain, *tables.background(ispu.bands(gas.name))])
    return shown.description(ispu.description())
