"""The dashboards' variables: which sites, agents and sensors to show, and whether doubtful readings too."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models.dashboard import VariableOption, VariableRefresh, VariableSort

from hub.grafana import influxql, titles
from hub.grafana.target import DATASOURCE
from telemetry.quality import Quality
from telemetry.quantity import Family

_ALL = "$__all"
_WORST = sum(Quality)
"""The quality with every bit set."""


def site(*, several: bool = False) -> build.QueryVariable:
    """Return the choice of a site, or of several."""
    return _choice("site", several=several)


def agent() -> build.QueryVariable:
    """Return the choice of agents of the chosen sites."""
    return _choice("agent", where=influxql.chosen("site"), several=True)


def sensor() -> build.QueryVariable:
    """Return the choice of sensors of the chosen agents."""
    return _choice("sensor", where=(*influxql.chosen("site", "agent"), influxql.OF_SOURCES), several=True)


def quality() -> build.CustomVariable:
    """Return the choice between good readings and all of them; its value is the highest quality to show.

    Each variable has an id of its own: Grafana 9 skips those with the SDK's, which stands for a variable being made.
    """
    good = VariableOption(text="baik / good", value=str(int(Quality.GOOD)), selected=True)
    every = VariableOption(text="semua / all", value=str(_WORST), selected=False)
    listed = ", ".join(f"{option.text} : {option.value}" for option in (good, every))
    variable = build.CustomVariable("quality").id("quality").label("Mutu / Quality")
    return variable.values(listed).current(good).options([good, every])


def _choice(tag: str, *, where: Sequence[str] = (), several: bool) -> build.QueryVariable:
    variable = (
        build.QueryVariable(tag)
        .id(tag)
        .label(titles.TAGS[tag])
        .query(influxql.tag_values(tag, Family.HEALTH, where=where))
        .datasource(DATASOURCE)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )
    if not several:
        return variable
    everything = VariableOption(text=["All"], value=[_ALL], selected=True)
    return variable.multi(True).include_all(True).all_value(".*").current(everything)
