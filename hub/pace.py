"""How many lines to write at once to a store that may be slow."""

from __future__ import annotations

from collections.abc import Sequence

_QUICK_SECONDS = 2.0
"""Twice what takes this long stays far from any time-out."""


class Pace:
    """Half as many after a time-out, up to twice what got a quick yes, never less than one batch."""

    def __init__(self, most_lines: int) -> None:
        """Begin with the most."""
        self._most = most_lines
        self._lines = most_lines

    def first_of(self, batches: Sequence[Sequence[bytes]]) -> Sequence[Sequence[bytes]]:
        """Return as many of the first batches as may be written at once."""
        lines = 0
        for place, batch in enumerate(batches):
            lines += len(batch)
            if place and lines > self._lines:
                return batches[:place]
        return batches

    def slower(self, batches: Sequence[Sequence[bytes]]) -> None:
        """Note that these were too many."""
        self._lines = max(1, sum(map(len, batches)) // 2)

    def answered(self, batches: Sequence[Sequence[bytes]], seconds: float) -> None:
        """Note that the yes for these took so long."""
        if seconds < _QUICK_SECONDS:
            self._lines = max(self._lines, min(self._most, 2 * sum(map(len, batches))))
