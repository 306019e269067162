"""Crossings of a line: armed on one side, counted clearly on the other, so that nothing trembles to and fro."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot

from edge_agent.vision.settings import Line, Point

MARGIN = 0.008
"""How far beyond the line counts as clearly beyond, as a share of the picture's height."""
TRAVEL = 0.5
"""How far a vehicle must have been from where it was first seen, in its own size."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one track is; all lengths in pixels of the small picture."""

    track: int
    middle: Point
    size: float
    """The side of a square as large as its box."""
    travelled: float
    """How far it has been from where it was first seen, as the crow flies."""
    sure: bool = True
    """Whether the track is believed; until then it is neither armed nor counted."""
    parent: int | None = None
    """The track that it came off in this picture: it has been wherever that one has."""


class LineCounter:
    """Watches one line in a picture of this width and height; a track counts again only after it has gone back."""

    def __init__(self, line: Line, width: int, height: int) -> None:
        self.line = line
        self._start = line.start[0] * width, line.start[1] * height
        along = (line.end[0] - line.start[0]) * width, (line.end[1] - line.start[1]) * height
        self._length = hypot(*along)
        self._along = along[0] / self._length, along[1] / self._length
        self._margin = MARGIN * height
        self._armed: dict[int, tuple[int, Point]] = {}
        """For each track the side on which it clearly was, and where."""

    def crossings(self, spots: Iterable[Spot]) -> list[tuple[int, str]]:
        """Return track and direction of those who have crossed since the last picture; forgets tracks that ended."""
        before, self._armed = self._armed, {}
        crossed: list[tuple[int, str]] = []
        for spot in spots:
            armed = before.get(spot.track) or before.get(spot.parent or 0)
            side = self._side(spot.middle) if spot.sure else 0
            if armed and side == -armed[0] and self._counts(spot, armed[1]):
                crossed.append((spot.track, self.line.directions[0 if side > 0 else 1]))
            if side:
                self._armed[spot.track] = side, spot.middle
            elif armed:
                self._armed[spot.track] = armed
        return crossed

    def _place(self, point: Point) -> Point:
        """Return how many pixels along the line and right of it a point lies, walking from start to end."""
        x, y = point[0] - self._start[0], point[1] - self._start[1]
        return x * self._along[0] + y * self._along[1], self._along[0] * y - self._along[1] * x

    def _side(self, point: Point) -> int:
        """Return 1 clearly right of the line, -1 clearly left, 0 on it."""
        right = self._place(point)[1]
        return 0 if abs(right) <= self._margin else 1 if right > 0 else -1

    def _counts(self, spot: Spot, before: Point) -> bool:
        """Tell whether a way to the other side is long enough and meets the line between its ends."""
        if spot.travelled < TRAVEL * spot.size:
            return False
        (along, right), (along_now, right_now) = self._place(before), self._place(spot.middle)
        meets = along + (along_now - along) * right / (right - right_now)
        return 0 <= meets <= self._length
