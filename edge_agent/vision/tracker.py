"""Follows boxes from picture to picture: constant velocity, one array for all tracks.

A tracker of a street must outlive that a vehicle falls into fragments (they are united where it is expected), that two
share one box (each goes on at its own speed), that two leave a box which was one (the second inherits where it came
from) and that a vehicle is not seen for a moment (its track waits).
"""

from __future__ import annotations

from itertools import count

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.assignment import Assignment, Rows, assign
from edge_agent.vision.blobs import Boxes, areas, unions

Floats = NDArray[np.float64]

X, Y, W, H, VX, VY, X0, Y0, FAR, BORN, SEEN, UNTIL, HITS, SPLIT = range(14)
"""Columns of the state: centre, size, velocity in pixels a second, birthplace and how far it has been from there;
seconds of birth, of the last sight and until when it waits; sightings; 1 if it came off another."""

PATIENCE, YOUNG_PATIENCE, SHARED_PATIENCE = 0.6, 0.2, 2.0
"""Seconds that a track waits for its vehicle: at best, before it is sure, and within a box that it shares."""
SURE_HITS, SURE_AGE, SPLIT_AGE = 3, 0.2, 0.6
"""Sightings and seconds after which a track is believed; what came off another must last longer."""
REACH = 0.6
"""How far a vehicle may be from where it is expected, in diagonals of its box; on its second sight twice as far."""
SWALLOWED = 1.5
"""How much larger than its owner a box must be to hold another vehicle."""
POSITION, VELOCITY, SIZE, FIRST_VELOCITY = 0.7, 0.35, 0.4, 0.8
"""How much of a surprise goes into position, velocity and size; the first time all of it and most of it."""


class Tracker:
    """All tracks, in order of birth."""

    def __init__(self) -> None:
        self.state: Floats = np.empty((0, 14))
        self.ids: Rows = np.empty(0, np.int64)
        self.parents: dict[int, int] = {}
        """For the tracks born in this picture out of another one's box: that other."""
        self._numbers = count(1)
        self._now = 0.0

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Which tracks have been seen often and long enough to be believed."""
        age = self.state[:, SEEN] - self.state[:, BORN]
        return np.asarray(
            (self.state[:, HITS] >= SURE_HITS) & (age >= np.where(self.state[:, SPLIT] > 0, SPLIT_AGE, SURE_AGE))
        )

    def boxes(self) -> Boxes:
        """Return where the tracks are: left, top, width, height."""
        return np.hstack([self.state[:, X : Y + 1] - self.state[:, W : H + 1] / 2, self.state[:, W : H + 1]])

    def update(self, found: Boxes, now: float) -> None:
        """Follow the boxes of the picture at `now` (seconds)."""
        state = self.state
        state[:, X : Y + 1] += state[:, VX : VY + 1] * (now - self._now)
        self._now = now
        if not len(found) and not len(state):
            return
        reach = REACH * np.hypot(state[:, W], state[:, H]) * np.where(state[:, HITS] < 2, 2, 1)
        given = assign(self.boxes(), reach, found)
        seen = np.zeros(len(state), bool)
        seen[given.owner[given.owner >= 0]] = True
        places = unions(found, given.owner, len(state))
        self._move(seen & ~self._crowded(seen, places), places)
        state[:, FAR] = np.maximum(state[:, FAR], np.hypot(state[:, X] - state[:, X0], state[:, Y] - state[:, Y0]))
        state[seen, SEEN] = now
        state[seen, HITS] += 1
        state[seen, UNTIL] = now + np.where(self.sure, PATIENCE, YOUNG_PATIENCE)[seen]
        newborn = self._born(given, found)
        keep = state[:, UNTIL] >= now
        self.ids = np.concatenate([self.ids[keep], self._number(given)])
        self.state = np.vstack([state[keep], newborn])

    def _crowded(self, seen: NDArray[np.bool_], places: Boxes) -> NDArray[np.bool_]:
        """Tell whose box holds another vehicle as well, and let that one wait there."""
        crowded = np.zeros(len(seen), bool)
        swallowing = np.flatnonzero(seen & (areas(places) > SWALLOWED * self.state[:, W] * self.state[:, H]))
        lost = np.flatnonzero(~seen & self.sure)
        if not swallowing.size or not lost.size:
            return crowded
        middle, low = self.state[lost, None, X : Y + 1], places[None, swallowing, :2]
        inside = np.all((low <= middle) & (middle <= low + places[None, swallowing, 2:]), axis=2)
        waiting = lost[inside.any(axis=1)]
        self.state[waiting, UNTIL] = self.state[waiting, SEEN] + SHARED_PATIENCE
        crowded[swallowing[inside.any(axis=0)]] = True
        return crowded

    def _move(self, moving: NDArray[np.bool_], places: Boxes) -> None:
        """Move tracks towards the boxes in which they were seen."""
        rows, boxes = self.state[moving], places[moving]
        first = (rows[:, HITS] < 2)[:, None]
        surprise = boxes[:, :2] + boxes[:, 2:] / 2 - rows[:, X : Y + 1]
        passed = self._now - rows[:, SEEN, None]
        rows[:, X : Y + 1] += surprise * np.where(first, 1.0, POSITION)
        rows[:, VX : VY + 1] += surprise / passed * np.where(first, FIRST_VELOCITY, VELOCITY)
        rows[:, W : H + 1] += (boxes[:, 2:] - rows[:, W : H + 1]) * SIZE
        self.state[moving] = rows

    def _born(self, given: Assignment, found: Boxes) -> Floats:
        """Return the rows of tracks for boxes that nobody owns."""
        free = given.owner < 0
        rows = np.zeros((int(free.sum()), 14))
        rows[:, X : Y + 1] = rows[:, X0 : Y0 + 1] = found[free, :2] + found[free, 2:] / 2
        rows[:, W : H + 1] = found[free, 2:]
        rows[:, BORN] = rows[:, SEEN] = self._now
        rows[:, UNTIL] = self._now + YOUNG_PATIENCE
        rows[:, HITS] = 1
        parent = given.parent[free]
        split = parent >= 0
        for column in (VX, VY, X0, Y0):
            rows[split, column] = self.state[parent[split], column]
        rows[split, SPLIT] = 1
        return rows

    def _number(self, given: Assignment) -> Rows:
        """Return numbers for the newborn and note whom they came off."""
        parents = given.parent[given.owner < 0]
        numbers = [next(self._numbers) for _ in parents]
        self.parents = {new: int(self.ids[old]) for new, old in zip(numbers, parents, strict=True) if old >= 0}
        return np.array(numbers, np.int64)
