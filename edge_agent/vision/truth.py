"""Counted truth beside a clip: what a patient pair of eyes saw cross each line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent.vision.errors import BadSettings
from edge_agent.vision.settings import Line

Flow = tuple[str, str]
"""A line's name and a direction."""

_OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left", "in": "out", "out": "in"}
_TO_THE_RIGHT = "-to+"


@dataclass(frozen=True, slots=True)
class Truth:
    """The lines of a clip and what crossed them; optional crossings may be counted or not."""

    lines: tuple[Line, ...]
    certain: Mapping[Flow, int]
    optional: Mapping[Flow, int]


def read_truth(path: Path) -> Truth:
    """Read a .gt.json file; raises BadSettings."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))["lines"]
        lines = tuple(_line(entry) for entry in said)
        events = [(line.name, event) for line, entry in zip(lines, said, strict=True) for event in entry["events"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadSettings(f"{path} is no truth file: {error!r}") from error
    flows = [((name, event["direction"]), bool(event.get("optional"))) for name, event in events]
    return Truth(
        lines,
        Counter(flow for flow, optional in flows if not optional),
        Counter(flow for flow, optional in flows if optional),
    )


def _line(entry: Mapping[str, Any]) -> Line:
    """Return the line with its directions in the order of ours, the one that nobody took named by its opposite."""
    named = {event["sign"] == _TO_THE_RIGHT: event["direction"] for event in entry["events"]}
    right = named[True] if True in named else _OPPOSITE[named[False]]
    left = named[False] if False in named else _OPPOSITE[named[True]]
    start, end = entry["line"]
    return Line.from_dict({"name": entry["id"].lower(), "from": start, "to": end, "directions": [right, left]})
