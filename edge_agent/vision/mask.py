"""Areas that are never looked at: blackened before anything else sees the picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from edge_agent.vision.settings import Polygon
from edge_agent.vision.shrink import Image


def visible(shape: tuple[int, int], polygons: Sequence[Polygon]) -> Image | None:
    """Return 255 where a picture of this height and width may be looked at and 0 elsewhere; None if everywhere."""
    if not polygons:
        return None
    height, width = shape
    allowed = np.full(shape, 255, np.uint8)
    for polygon in polygons:
        points = np.rint(np.array(polygon) * (width - 1, height - 1)).astype(np.int32)
        cv2.fillPoly(allowed, [points], (0,))
    return allowed


def covered(picture: Image, allowed: Image | None) -> Image:
    """Return the picture with what may not be looked at in black."""
    return picture if allowed is None else np.asarray(cv2.bitwise_and(picture, allowed), np.uint8)
