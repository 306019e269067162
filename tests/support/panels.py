"""What dashboards ask, and what is right about an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hub.grafana.queries import PanelQuery, all_queries

Series = Mapping[str, Any]


def query_of(values: Mapping[str, str], board: str, panel: str, ref: str = "A") -> str:
    """Return the text of the one query that stands there; the names of dashboard and panel may be cut short."""
    (query,) = [
        each
        for each in all_queries(values)
        if each.dashboard.startswith(board) and each.ref == ref and each.panel.startswith(panel)
    ]
    return query.influxql


def fault(query: PanelQuery, series: Sequence[Series]) -> str | None:
    """Return what is wrong with a query's answer: no series, other columns, or one in which nothing ever stands."""
    if not series:
        return "no series"
    columns = ["key", "value"] if query.influxql.startswith("SHOW") else ["time", *_selected(query.influxql)]
    if any(one["columns"] != columns for one in series):
        return f"columns {series[0]['columns']} instead of {columns}"
    rows = [row for one in series for row in one["values"]]
    empty = [name for place, name in enumerate(columns) if all(row[place] is None for row in rows)]
    return f"nothing in {empty}" if empty else None


def _selected(influxql: str) -> list[str]:
    """Return the columns that a query's outer SELECT names."""
    depth, end = 0, len(influxql)
    for found in re.finditer(r"[()]| FROM ", influxql):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if found[0] == " FROM " and depth == 0:
            end = found.start()
            break
    return [re.findall(r'"(\w+)"', part)[-1] for part in influxql[len("SELECT ") : end].split(", ")]
