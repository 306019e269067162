"""All dashboards, as the JSON that Grafana reads (v1 model)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from hub.grafana.city import city
from hub.grafana.fleet import fleet
from hub.grafana.site import site

_MAKERS: Mapping[str, Callable[[], Dashboard]] = {"city": city, "site": site, "fleet": fleet}


def as_dicts() -> dict[str, dict[str, Any]]:
    """Return each dashboard by its file's name without ending."""
    return {name: json.loads(json.dumps(make(), cls=JSONEncoder)) for name, make in _MAKERS.items()}


def as_text(board: Mapping[str, Any]) -> str:
    """Return a dashboard as the text of its file: sorted, so that a difference is a change."""
    return json.dumps(board, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def panels(board: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield each panel of a dashboard, those in collapsed rows too, but no rows."""
    for panel in board["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel
