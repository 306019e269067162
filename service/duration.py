"""Durations as people write them on a command line: 30s, 5m, 2h."""

from __future__ import annotations

import re

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")


def seconds(text: str) -> float:
    """Return the seconds in a text like `30s`; raises ValueError."""
    said = _WRITTEN.fullmatch(text.strip())
    if said is None:
        raise ValueError(f"{text!r} is not a duration; write 30s, 5m, 2h or 1d")
    return float(said[1]) * _SECONDS[said[2]]
