"""Which pictures are due when only so many a second are analysed."""

from __future__ import annotations

from math import inf


class Pace:
    """Picks pictures by their times in seconds; 0 a second picks each."""

    def __init__(self, fps: float) -> None:
        self._period = 1 / fps if fps else 0.0
        self._due = -inf

    def due(self, time: float) -> bool:
        """Tell whether the picture of a time is due; a millisecond early is due, for time stamps are rounded."""
        if time < self._due - 0.001:
            return False
        late = time - self._due > self._period
        self._due = (time if late else self._due) + self._period
        return True
