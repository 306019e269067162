"""Every query that the dashboards ask, with the variables filled in: for tests and for checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.grafana import dashboards

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")
_GRAFANAS_OWN = {"timeFilter": "time >= now() - 6h AND time <= now()", "__interval": "1m"}


class UnknownVariable(Exception):
    """A query names a variable that has no value."""


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """A query with the dashboard, the panel (or `variable …`) and the letter that it stands under."""

    dashboard: str
    panel: str
    ref: str
    influxql: str


def all_queries(values: Mapping[str, str]) -> list[PanelQuery]:
    """Return every query of every panel and variable, `values` filled in; raises UnknownVariable.

    Values of variables that are used as regular expressions (site, agent, sensor) are such expressions. `timeFilter`
    and `__interval` may be given too; without them it is the last six hours by the minute.
    """
    known = {**_GRAFANAS_OWN, **values}
    return [
        PanelQuery(board["title"], where, ref, _filled(text, known, where=f"{board['title']}, {where}"))
        for board in dashboards.as_dicts().values()
        for where, ref, text in _texts(board)
    ]


def _texts(board: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", "", variable["query"]
    for panel in dashboards.panels(board):
        for target in panel.get("targets", []):
            yield panel["title"], target["refId"], target["query"]


def _filled(text: str, values: Mapping[str, str], *, where: str) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in values:
            raise UnknownVariable(f"{where}: ${name} has no value in {text}")
        return values[name]

    return _VARIABLE.sub(value, text)
