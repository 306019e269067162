"""Tells whose clock is wrong when an agent says times that cannot be: the agent's, or this hub's."""

from __future__ import annotations

import time
from collections.abc import Callable

from telemetry.reading import Place

_FRESH_NS = 3_600 * 10**9
_STEP_NS = 600 * 10**9


class ClockWitnesses:
    """Every agent heard from is a witness: its newest time is about this hub's present, or it is not."""

    def __init__(self, monotonic: Callable[[], int] = time.monotonic_ns) -> None:
        """Begin without witnesses."""
        self._monotonic = monotonic
        self._ahead = 0
        self._agrees: dict[Place, bool] = {}

    def hear(self, place: Place, newest: int, now: int) -> None:
        """Note the newest time that an agent says at a wall-clock time of this hub, both nanoseconds since 1970.

        What was witnessed before this hub's clock was set to another time counts no more.
        """
        ahead = now - self._monotonic()
        if abs(ahead - self._ahead) > _STEP_NS:
            self._agrees.clear()
            self._ahead = ahead
        self._agrees[place] = abs(newest - now) <= _FRESH_NS

    def confirm(self) -> bool:
        """Tell whether more agents than not agree with this hub's clock."""
        return 2 * sum(self._agrees.values()) > len(self._agrees)
