"""The truth about a running city, as counts, a bounded list of events and a JSON document."""

from __future__ import annotations

import json
import os
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from simulation.sensors import Emission, Ledger
from simulation.street import Crossing
from simulation.vehicles import Direction, Kind

EVENTS = 500
"""Crossings kept one by one; older ones are in the counts only."""


class Truth:
    """What happened since the monotonic time `start`."""

    def __init__(self, *, start: float) -> None:
        self._start = start
        self._since = datetime.now(UTC)
        self._counts: Counter[tuple[Kind, Direction]] = Counter()
        self._events: deque[tuple[float, Kind, Direction]] = deque(maxlen=EVENTS)
        self._frames: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()

    def count(self, crossings: Iterable[Crossing]) -> None:
        """Take the street's true crossings, in their order."""
        for crossing in crossings:
            self._counts[crossing.kind, crossing.direction] += 1
            self._events.append((round(self._start + crossing.time, 4), crossing.kind, crossing.direction))

    def ledger(self, name: str) -> Ledger:
        """Return the ledger of one sensor."""

        def note(emission: Emission) -> None:
            counter = self._frames if emission.intact else self._lost
            counter[name] += 1

        return note

    def document(self) -> Mapping[str, object]:
        """Return the truth so far; `start`, `now` and the events' times are of CLOCK_MONOTONIC."""
        return {
            "since": self._since.isoformat(timespec="milliseconds"),
            "start": self._start,
            "now": time.monotonic(),
            "counts": {kind: {way: self._counts[kind, way] for way in Direction} for kind in Kind},
            "frames": dict(self._frames),
            "lost": dict(self._lost),
            "events": list(self._events),
        }


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """Replace a file by a document at one stroke; raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(document), encoding="utf-8")
    draft.replace(path)
