"""The few kinds of panel, besides tables, that the dashboards are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from grafana_foundation_sdk.builders import common as style
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import stat, statetimeline, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from hub.grafana import titles, units
from hub.grafana.target import DATASOURCE, InfluxQuery, lettered
from telemetry.quantity import Quantity

_Curves = TypeVar("_Curves", stat.Panel, statetimeline.Panel, timeseries.Panel)

_HOLE = 5 * 60 * 1000.0
"""Milliseconds without a value after which a curve is cut."""


def chart(title: str, unit: str, *queries: InfluxQuery, every: str = "10s") -> timeseries.Panel:
    """Return curves over time, from zero up; `every` is the shortest interval that Grafana may ask for."""
    return _curves(title, unit, *queries, every=every).axis_soft_min(0)


def quantity_chart(quantities: Sequence[Quantity], *queries: InfluxQuery, every: str = "10s") -> timeseries.Panel:
    """Return curves of quantities that share a unit; a single one has a line at its highest sound value."""
    first = quantities[0]
    panel = _curves(titles.of_all(tuple(quantities)), units.of(first), *queries, every=every)
    if first.low == 0:
        panel.axis_soft_min(0)
    if len(quantities) == 1:
        limits = units.steps((None, "transparent"), (units.sound(first)[1], "red"))
        dashed = style.GraphThresholdsStyleConfig().mode(common.GraphTresholdsStyleMode.DASHED)
        panel.thresholds(limits).thresholds_style(dashed)
    return panel


def stacked(panel: timeseries.Panel) -> timeseries.Panel:
    """Return the chart with its curves stacked as bars."""
    return (
        panel.draw_style(common.GraphDrawStyle.BARS)
        .fill_opacity(70)
        .stacking(style.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    )


def figure(title: str, *queries: InfluxQuery) -> stat.Panel:
    """Return large figures, one for each curve, named as the curve."""
    return (
        stat.Panel()
        .title(title)
        .datasource(DATASOURCE)
        .targets(lettered(*queries))
        .height(5)
        .span(6)
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_mode(common.BigValueColorMode.NONE)
        .text_mode(common.BigValueTextMode.VALUE_AND_NAME)
        .reduce_options(style.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value(titles.NO_DATA)
    )


def sum_figure(title: str, *queries: InfluxQuery) -> stat.Panel:
    """Return one large figure: what all rows of tables add up to."""
    added = figure(title, *queries).reduce_options(style.ReduceDataOptions().calcs(["sum"]))
    merged = added.transformations([DataTransformerConfig(id_val="merge", options={})])
    return merged.text_mode(common.BigValueTextMode.VALUE).unit(units.WHOLE)


def alarming(shown: stat.Panel, thresholds: build.ThresholdsConfig) -> stat.Panel:
    """Return the figure in the colour of its value."""
    return shown.thresholds(thresholds).color_mode(common.BigValueColorMode.VALUE)


def renamed(shown: _Curves, names: Mapping[str, str]) -> _Curves:
    """Return the panel with the last word of each curve's name replaced where it is one of these."""
    return shown.transformations(
        [
            DataTransformerConfig(
                id_val="renameByRegex", options={"regex": f"/(^| ){raw}$/", "renamePattern": f"$1{name}"}
            )
            for raw, name in names.items()
        ]
    )


def newest_age(title: str, query: InfluxQuery) -> stat.Panel:
    """Return the age of the newest row as one large figure."""
    return (
        figure(title, query)
        .unit(units.AGE)
        .text_mode(common.BigValueTextMode.VALUE)
        .reduce_options(style.ReduceDataOptions().calcs(["max"]).fields("/^Time$/"))
    )


def strip(title: str, *queries: InfluxQuery) -> statetimeline.Panel:
    """Return one strip a source over the last three hours, red wherever it said nothing."""
    return (
        statetimeline.Panel()
        .title(title)
        .datasource(DATASOURCE)
        .targets(lettered(*queries))
        .height(8)
        .span(12)
        .time_from("3h")
        .thresholds(units.steps((None, "red"), (1, "green")))
        .color_scheme(build.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
        .show_value(common.VisibilityMode.NEVER)
        .merge_values(True)
        .fill_opacity(80)
        .legend(style.VizLegendOptions().show_legend(False))
    )


def _curves(title: str, unit: str, *queries: InfluxQuery, every: str) -> timeseries.Panel:
    below = style.VizLegendOptions().show_legend(True).placement(common.LegendPlacement.BOTTOM)
    all_at_once = style.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)
    return (
        timeseries.Panel()
        .title(title)
        .unit(unit)
        .datasource(DATASOURCE)
        .targets(lettered(*queries))
        .interval(every)
        .height(8)
        .span(12)
        .no_value(titles.NO_DATA)
        .span_nulls(_HOLE)
        .fill_opacity(5)
        .legend(below.display_mode(common.LegendDisplayMode.LIST))
        .tooltip(all_at_once)
    )
