"""The chain from a picture to crossings: shrink, mask, foreground, boxes, tracks, lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from edge_agent.vision.blobs import Boxes, boxes
from edge_agent.vision.classes import classify
from edge_agent.vision.counting import LineCounter, Spot
from edge_agent.vision.foreground import Foreground
from edge_agent.vision.interval import SECOND
from edge_agent.vision.mask import covered, visible
from edge_agent.vision.settings import Line, Polygon
from edge_agent.vision.shrink import Image, shrink
from edge_agent.vision.tracker import BORN, FAR, H, Tracker, W, X, Y


@dataclass(frozen=True, slots=True)
class Crossing:
    """One road user over one line."""

    line: str
    direction: str
    kind: str
    visible: float
    """Seconds in view so far."""
    track: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What one picture showed."""

    time: float
    """Seconds since the watcher's first picture."""
    small: Image
    allowed: Image | None
    boxes: Boxes
    crossings: tuple[Crossing, ...]


class Watcher:
    """Watches the lines of one camera; a picture of another size starts everything anew."""

    def __init__(self, lines: Sequence[Line], mask: Sequence[Polygon] = ()) -> None:
        self._lines, self._mask = lines, mask
        self._first: int | None = None
        self._shape = (0, 0)
        self._allowed: Image | None = None
        self.reset()

    def reset(self) -> None:
        """Forget street and tracks."""
        height, width = self._shape
        self.tracker = Tracker()
        self._foreground = Foreground()
        self._counters = [LineCounter(line, width, height) for line in self._lines if height]

    def see(self, luma: Image, at: int) -> Seen:
        """Look at the picture of a time in nanoseconds of any clock.

        What follows counts from the first picture: rounding must not depend on how long the clock has run, or a file
        would be counted otherwise the next time.
        """
        if self._first is None:
            self._first = at
        now = (at - self._first) / SECOND
        small = shrink(luma)
        if small.shape != self._shape:
            self._shape = small.shape[0], small.shape[1]
            self._allowed = visible(self._shape, self._mask)
            self.reset()
        small = covered(small, self._allowed)
        found = boxes(self._foreground.apply(small, now))
        self.tracker.update(found, now)
        return Seen(now, small, self._allowed, found, tuple(self._crossings(now)))

    def _crossings(self, now: float) -> Iterator[Crossing]:
        spots = self._spots()
        height, width = self._shape
        for counter in self._counters:
            for track, direction in counter.crossings(spots):
                row = self.tracker.state[self.tracker.ids == track][0]
                kind = classify(counter.line, (float(row[W]), float(row[H])), (width, height))
                yield Crossing(counter.line.name, direction, kind, now - float(row[BORN]), track)

    def _spots(self) -> list[Spot]:
        tracker = self.tracker
        rows = zip(tracker.ids.tolist(), tracker.state.tolist(), tracker.sure.tolist(), strict=True)
        return [_spot(number, row, sure, tracker.parents.get(number)) for number, row, sure in rows]


def _spot(number: int, row: list[float], sure: bool, parent: int | None) -> Spot:
    return Spot(number, (row[X], row[Y]), sqrt(row[W] * row[H]), row[FAR], sure, parent)
