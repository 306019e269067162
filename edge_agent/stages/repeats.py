"""Tells once what a reader of cards or fingers says again and again while it lasts."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.taken import Taken

_LASTS = 3_000_000_000
"""Nanoseconds of absence after which the same card counts again."""

_PRESENT = 64
"""Cards that may be at a reader in three seconds."""


class Repeats:
    """A stage: lets a measurement pass unless the same one came within the last three seconds."""

    def __init__(self) -> None:
        self._last: dict[tuple[float, ...], int] = {}

    def take(self, taken: Taken) -> Iterator[Taken]:
        """Return the reading where it is new."""
        said = tuple(taken.measurement.values.values())
        before = self._last.pop(said, None)
        self._last[said] = taken.at
        while len(self._last) > _PRESENT:
            del self._last[next(iter(self._last))]
        if before is None or taken.at - before > _LASTS:
            yield taken

    def finish(self, sensor: str, at: int) -> Iterator[Taken]:
        """Have nothing more to tell."""
        del sensor, at
        yield from ()
