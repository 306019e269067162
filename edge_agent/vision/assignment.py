"""Which box belongs to which track: the nearest first, then fragments, then parts that left a shared box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.blobs import Boxes, areas, overlaps

Rows = NDArray[np.int64]

INSIDE = 0.6
"""The share of a box that must lie where a track is expected to have to do with it."""
FRAGMENT = 0.25
"""A box smaller than this share of its track is a fragment of it, not a vehicle."""
TOUCH = 0.3
"""The share of the smaller of two boxes that both must cover to be one vehicle."""

_WORST = 0.05


@dataclass(frozen=True, slots=True)
class Assignment:
    """Rows of tracks for each box; -1 is none."""

    owner: Rows
    """The track that was seen as this box; fragments have the same owner."""
    parent: Rows
    """The track from whose box this box, which nobody owns, has come off."""


def assign(expected: Boxes, reach: NDArray[np.float64], found: Boxes) -> Assignment:
    """Give boxes to the tracks expected at these places, each at most `reach` pixels off."""
    owner, parent = np.full(len(found), -1, np.int64), np.full(len(found), -1, np.int64)
    if not len(expected) or not len(found):
        return Assignment(owner, parent)
    shared, own, area = overlaps(expected, found), areas(expected), areas(found)
    likeness = shared / (own[:, None] + area[None, :] - shared) + _closeness(expected, reach, found)
    main = _greedy(likeness, owner)
    within = shared > INSIDE * area[None, :]
    for box in np.flatnonzero((owner < 0) & within.any(axis=0)):
        track = int(np.argmax(shared[:, box]))
        if main[track] >= 0 and _stands_apart(found[[box, main[track]]], own[track]):
            parent[box] = track
        else:
            owner[box] = track
    return Assignment(owner, parent)


def _closeness(expected: Boxes, reach: NDArray[np.float64], found: Boxes) -> NDArray[np.float64]:
    """Return 1 for the same centre, falling to 0 at the reach of the track."""
    apart = (expected[:, None, :2] + expected[:, None, 2:] / 2) - (found[None, :, :2] + found[None, :, 2:] / 2)
    return np.clip(1 - np.hypot(apart[..., 0], apart[..., 1]) / reach[:, None], 0, None)


def _greedy(likeness: NDArray[np.float64], owner: Rows) -> Rows:
    """Fill in the owners, most alike first, one box a track; return the box of each track, -1 for none."""
    main = np.full(len(likeness), -1, np.int64)
    pairs = np.argwhere(likeness > _WORST)
    for track, box in pairs[np.argsort(-likeness[pairs[:, 0], pairs[:, 1]], kind="stable")]:
        if main[track] < 0 and owner[box] < 0:
            main[track], owner[box] = box, track
    return main


def _stands_apart(pair: Boxes, own: float) -> bool:
    """Tell whether the first box is a vehicle beside the second, rather than a fragment of one of this size."""
    first, second = areas(pair)
    both = overlaps(pair[:1], pair[1:])[0, 0]
    return bool(first > FRAGMENT * min(second, own) and both < TOUCH * min(first, second))
