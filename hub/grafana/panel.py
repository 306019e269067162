"""The few kinds of panel that the dashboards are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from grafana_foundation_sdk.builders import common as style
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import stat, statetimeline, timeseries
from grafana_foundation_sdk.builders import table as tables
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue

from hub.grafana import titles, units
from hub.grafana.target import DATASOURCE, InfluxQuery, lettered
from telemetry.quantity import Quantity

Table: TypeAlias = tables.Panel

_HOLE = 5 * 60 * 1000.0
"""Milliseconds without a value after which a curve is cut."""

_NARROWEST = 90
"""The least width of a table's column, in pixels; Grafana's own is too wide for many columns."""

_AGE_WIDTH = 150


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


def newest_table(title: str, tags: Sequence[str], quantities: Sequence[Quantity], query: InfluxQuery) -> Table:
    """Return a table of newest rows with the age of each, the oldest first."""
    oldest_first = style.TableSortByFieldState().display_name(titles.AGE).desc(False)
    return table(title, tags, quantities, query).sort_by([oldest_first])


def table(
    title: str, tags: Sequence[str], quantities: Sequence[Quantity], *queries: InfluxQuery, timed: bool = True
) -> Table:
    """Return a table: tags, the row's age unless it has no time, then quantities with units and colours."""
    shown = Table().title(title).datasource(DATASOURCE).targets(lettered(*queries)).height(8).span(12)
    shown.override_by_regexp("/./", [_set("custom.minWidth", _NARROWEST)])
    for tag in tags:
        shown.override_by_name(tag, [named(titles.TAGS[tag]), *_link(tag)])
    for quantity in quantities:
        shown.override_by_name(quantity.name, _cell(quantity, judged=timed))
    shown.override_by_name("Time", [named(titles.AGE), _set("unit", units.AGE), _set("custom.minWidth", _AGE_WIDTH)])
    order = [*tags, "Time", *(quantity.name for quantity in quantities)]
    arranged = {
        "excludeByName": {"seq": True, "Time": not timed},
        "indexByName": {name: place for place, name in enumerate(order)},
        "renameByName": {},
    }
    merged = [DataTransformerConfig(id_val="merge", options={})] if len(queries) > 1 else []
    return shown.transformations([*merged, DataTransformerConfig(id_val="organize", options=arranged)])


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
        .no_value("0")
    )


def newest_age(title: str, query: InfluxQuery) -> stat.Panel:
    """Return the age of the newest row as one large figure."""
    return (
        figure(title, query)
        .unit(units.AGE)
        .text_mode(common.BigValueTextMode.VALUE)
        .reduce_options(style.ReduceDataOptions().calcs(["max"]).fields("/^Time$/"))
        .no_value("tidak ada / none")
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


def named(title: str) -> DynamicConfigValue:
    """Return a column's title."""
    return _set("displayName", title)


def background(thresholds: build.ThresholdsConfig) -> list[DynamicConfigValue]:
    """Return a column whose cells are filled with the colour of their value."""
    return [
        _set("thresholds", thresholds.build()),
        _set("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
    ]


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
        .span_nulls(_HOLE)
        .fill_opacity(5)
        .legend(below.display_mode(common.LegendDisplayMode.LIST))
        .tooltip(all_at_once)
    )


def _cell(quantity: Quantity, *, judged: bool) -> list[DynamicConfigValue]:
    """Return how a quantity's column looks: in red where a value is not believable, unless it sums up many."""
    shown = [named(titles.of(quantity)), _set("unit", units.of(quantity))]
    if not judged:
        return shown
    coloured = _set("custom.cellOptions", {"type": "color-text"})
    return [*shown, _set("thresholds", units.thresholds(quantity).build()), coloured]


def _link(tag: str) -> list[DynamicConfigValue]:
    """Return the way from a site's name to its dashboard."""
    if tag != "site":
        return []
    link = {"title": "Buka lokasi / Open site", "url": "/d/simpang-site?var-site=${__value.text}"}
    return [_set("links", [link])]


def _set(key: str, value: Any) -> DynamicConfigValue:
    return DynamicConfigValue(id_val=key, value=value)
