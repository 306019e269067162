"""What all dashboards have in common, and how panels are laid out in rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

TAG = "simpang"

Panels = Iterable[Builder[dashboard.Panel]]


def empty(
    uid: str, title: str, *, since: str, variables: Sequence[Builder[dashboard.VariableModel]]
) -> build.Dashboard:
    """Return a dashboard without panels: browser time, new every 10 seconds, with links to its siblings."""
    siblings = build.DashboardLink("Simpang").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG])
    return (
        build.Dashboard(title)
        .uid(uid)
        .tags([TAG])
        .timezone("browser")
        .refresh("10s")
        .time(since, "now")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .links([siblings.include_vars(True).keep_time(True)])
        .variables(list(variables))
    )


def add_row(board: build.Dashboard, title: str, panels: Panels, *, collapsed: bool = False) -> None:
    """Add a row of panels; a collapsed one asks the database nothing until someone opens it."""
    row = build.Row(title).collapsed(collapsed)
    if collapsed:
        for panel in panels:
            row.with_panel(panel)
        board.with_row(row)
        return
    board.with_row(row)
    for panel in panels:
        board.with_panel(panel)


def numbered(board: build.Dashboard) -> dashboard.Dashboard:
    """Return the finished dashboard, its panels numbered in reading order so that the file never changes by itself."""
    built = board.build()
    number = 0
    for panel in built.panels or []:
        inner = panel.panels if isinstance(panel, dashboard.RowPanel) else []
        for one in (panel, *inner):
            number += 1
            one.id_val = number
    return built
