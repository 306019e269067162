"""Tables: tags, the age of each row, and quantities with units and colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from grafana_foundation_sdk.builders import common as style
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import table as tables
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    ValueMap,
    ValueMappingResult,
)

from hub.grafana import headings, titles, units
from hub.grafana.target import DATASOURCE, InfluxQuery, lettered
from telemetry.quantity import Quantity

Table: TypeAlias = tables.Panel

_NARROWEST = 90
"""The least width of a column, in pixels; Grafana's own is too wide for many columns."""

_TAG_WIDTHS: Mapping[str, int] = {
    "site": 120,
    "agent": 110,
    "sensor": 110,
    "direction": 120,
    "class": 200,
    "cause": 200,
}
_WIDTHS: Mapping[str, int] = {
    "co": 110,
    "no2": 100,
    "so2": 100,
    "co2": 80,
    "temperature": 75,
    "humidity": 75,
    "pressure": 80,
    "latitude": 100,
    "longitude": 110,
}
"""Least widths of columns whose values need more or less than `_NARROWEST`."""

_AGE_WIDTH = 200

_RED = "Merah: di luar rentang wajar / Red: outside the believable range"


def table(
    title: str,
    tags: Sequence[str],
    quantities: Sequence[Quantity],
    *queries: InfluxQuery,
    timed: bool = True,
    combined: bool = False,
) -> Table:
    """Return a table: tags, the row's age unless it has no time, then quantities with units and colours.

    `combined` makes one row of all that have the same tags: the newest time, and of each quantity what is not empty.
    """
    shown = Table().title(title).datasource(DATASOURCE).targets(lettered(*queries)).height(8).span(12)
    shown.override_by_regexp("/./", [setting("custom.minWidth", _NARROWEST)])
    for tag in tags:
        shown.override_by_name(tag, _tag(tag))
    for quantity in quantities:
        shown.override_by_name(quantity.name, _cell(quantity, judged=timed))
    shown.override_by_name("Time", _age())
    explained = [headings.explained(quantities), _RED if timed and quantities else ""]
    shown.description("\n\n".join(filter(None, explained)))
    merged = [DataTransformerConfig(id_val="merge", options={})] if len(queries) > 1 else []
    names = [*tags, "Time", *(quantity.name for quantity in quantities)]
    arranged = _combined(names, tags) if combined else [organized(names, hidden={"seq": True, "Time": not timed})]
    return shown.transformations([*merged, *arranged])


def newest(
    title: str, tags: Sequence[str], quantities: Sequence[Quantity], *queries: InfluxQuery, combined: bool = False
) -> Table:
    """Return a table of newest rows with the age of each, the oldest first."""
    return sorted_by(table(title, tags, quantities, *queries, combined=combined), titles.AGE)


def sorted_by(shown: Table, *columns: str) -> Table:
    """Return the table with its lowest values of these headings first."""
    return shown.sort_by([style.TableSortByFieldState().display_name(column).desc(False) for column in columns])


def named(title: str) -> DynamicConfigValue:
    """Return a column's title."""
    return setting("displayName", title)


def texts(of_values: Mapping[str, ValueMappingResult]) -> DynamicConfigValue:
    """Return what stands in a column's cells instead of raw values."""
    return setting("mappings", [ValueMap(options=dict(of_values))])


def coloured(thresholds: build.ThresholdsConfig) -> list[DynamicConfigValue]:
    """Return a column whose texts have the colour of their value."""
    return [setting("thresholds", thresholds.build()), setting("custom.cellOptions", {"type": "color-text"})]


def background(thresholds: build.ThresholdsConfig) -> list[DynamicConfigValue]:
    """Return a column whose cells are filled with the colour of their value."""
    return [
        setting("thresholds", thresholds.build()),
        setting("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
    ]


def setting(key: str, value: Any) -> DynamicConfigValue:
    """Return a setting of a column."""
    return DynamicConfigValue(id_val=key, value=value)


def organized(
    order: Sequence[str], *, hidden: Mapping[str, bool], renamed: Mapping[str, str] | None = None
) -> DataTransformerConfig:
    """Return the columns in an order, some hidden, some under another name."""
    places = {name: place for place, name in enumerate(order)}
    options = {"excludeByName": dict(hidden), "indexByName": places, "renameByName": dict(renamed or {})}
    return DataTransformerConfig(id_val="organize", options=options)


def _age() -> list[DynamicConfigValue]:
    width = setting("custom.minWidth", _AGE_WIDTH)
    return [named(titles.AGE), setting("unit", units.AGE), setting("custom.align", "left"), width]


def _tag(tag: str) -> list[DynamicConfigValue]:
    """Return how a tag's column looks; a site's name is the way to its dashboard."""
    shown = [named(titles.TAGS[tag]), setting("custom.minWidth", _TAG_WIDTHS.get(tag, _NARROWEST))]
    if tag in titles.VALUES:
        shown.append(texts({value: ValueMappingResult(text=text) for value, text in titles.VALUES[tag].items()}))
    if tag == "site":
        link = {"title": "Buka lokasi / Open site", "url": "/d/simpang-site?var-site=${__value.text}"}
        shown.append(setting("links", [link]))
    return shown


def _cell(quantity: Quantity, *, judged: bool) -> list[DynamicConfigValue]:
    """Return how a quantity's column looks: in red where a value is not believable, unless it sums up many."""
    shown = [named(headings.of(quantity)), setting("unit", units.of(quantity))]
    if quantity.name in _WIDTHS:
        shown.append(setting("custom.minWidth", _WIDTHS[quantity.name]))
    if quantity.name in units.DECIMALS:
        shown.append(setting("decimals", units.DECIMALS[quantity.name]))
    return [*shown, *coloured(units.thresholds(quantity))] if judged else shown


def _combined(names: Sequence[str], tags: Sequence[str]) -> list[DataTransformerConfig]:
    """Return one row for the same tags; Grafana appends to a column's name how it was reduced, which is undone."""
    how = {name: "max" if name == "Time" else "lastNotNull" for name in names if name not in tags}
    grouped = {tag: {"operation": "groupby", "aggregations": []} for tag in tags} | {
        name: {"operation": "aggregate", "aggregations": [calculation]} for name, calculation in how.items()
    }
    reduced = {name: f"{name} ({how[name]})" if name in how else name for name in names}
    renamed = {reduced[name]: name for name in how}
    return [
        DataTransformerConfig(id_val="groupBy", options={"fields": grouped}),
        organized(list(reduced.values()), hidden={"Time (max)": False}, renamed=renamed),
    ]
