"""Boxes around what is in the foreground."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.foreground import NewEdges
from edge_agent.vision.shrink import Image

Boxes = NDArray[np.float64]
"""Rows of left, top, width, height in pixels of the small picture."""

SMALLEST = 0.001
"""The smallest box as a share of the picture: 10 by 10 pixels of 352 by 288, 7 by 8 of 320 by 180."""
STRONG_EDGES = 0.8
"""Pixels of strong edges for each pixel of width and height, so that noise and pools of light make no box."""
NESTED = 0.7
"""The share of a box that lies in a larger one if it is part of it."""


def boxes(new: NewEdges) -> Boxes:
    """Return the boxes around connected new edges; a box that lies within another is part of it."""
    contours, _ = cv2.findContours(new.weak, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    smallest = SMALLEST * new.weak.size
    found = [box for box in map(cv2.boundingRect, contours) if box[2] * box[3] >= smallest]
    kept = np.array([box for box in found if _is_strong(new.strong, *box)], np.float64).reshape(-1, 4)
    return kept[~_nested(kept)]


def overlaps(first: Boxes, second: Boxes) -> NDArray[np.float64]:
    """Return the area shared by each box of `first` (rows) with each of `second` (columns)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, :2] + first[:, None, 2:], second[None, :, :2] + second[None, :, 2:])
    sides = np.clip(high - low, 0, None)
    return np.asarray(sides[..., 0] * sides[..., 1])


def areas(of: Boxes) -> NDArray[np.float64]:
    """Return the area of each box."""
    return np.asarray(of[:, 2] * of[:, 3])


def unions(parts: Boxes, owner: NDArray[np.int64], owners: int) -> Boxes:
    """Return for each owner the one box around its parts, without meaning where it has none; owner -1 is nobody."""
    low, high = np.full((owners + 1, 2), np.inf), np.full((owners + 1, 2), -np.inf)
    np.minimum.at(low, owner, parts[:, :2])
    np.maximum.at(high, owner, parts[:, :2] + parts[:, 2:])
    return np.hstack([low, high - low])[:owners]


def _is_strong(strong: Image, left: int, top: int, wide: int, high: int) -> bool:
    return cv2.countNonZero(strong[top : top + high, left : left + wide]) >= STRONG_EDGES * (wide + high)


def _nested(found: Boxes) -> NDArray[np.bool_]:
    """Tell for each box whether most of it lies in a larger one."""
    area = areas(found)
    larger = area[None, :] > area[:, None]
    return np.asarray(((overlaps(found, found) > NESTED * area[:, None]) & larger).any(axis=1))
