"""The figures at the top of a dashboard: who reports, of how many, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from hub.grafana import agents, frame, sensors


def figures(where: Sequence[str] = ()) -> frame.Panels:
    """Yield a row about agents and one about sensors."""
    yield agents.offline(where).span(4)
    yield agents.reporting(where).span(4)
    yield agents.known(where).span(4)
    yield sensors.latest(where).span(6)
    yield agents.missing(where).span(6)
    yield sensors.reporting(where).span(12)
    yield sensors.known(where).span(12)
