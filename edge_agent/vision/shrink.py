"""Small pictures: everything is counted on about 200 lines, whatever the camera sends."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture of brightness only, height by width."""

FEWEST_LINES = 180


def halvings(height: int) -> int:
    """Return how often a picture is halved so that it keeps 180 to 359 lines, where it has that many."""
    count = 0
    while height >> (count + 1) >= FEWEST_LINES:
        count += 1
    return count


def shrink(luma: Image) -> Image:
    """Return the picture at 180 to 359 lines.

    Halving twice is eight to ten times cheaper than one resize by four, because OpenCV has a fast path for it.
    """
    small = luma
    for _ in range(halvings(luma.shape[0])):
        height, width = small.shape
        even = small[: height & ~1, : width & ~1]
        half = cv2.resize(even, (width >> 1, height >> 1), interpolation=cv2.INTER_AREA)
        small = np.asarray(half, np.uint8)
    return small
