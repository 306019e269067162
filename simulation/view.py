"""Where a point of the street appears in the picture: a pinhole camera on a mast, looking down the road.

Ground metres: x to the right, y away from the foot of the mast, z up. Picture pixels: u to the right, v down.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating[Any]]
Image = NDArray[np.uint8]
"""Rows, columns and, in colour, blue, green, red."""

WIDTH, HEIGHT = 640, 360
LINE_V = 0.6
"""Height of the counting line in the picture, normalised."""
LINE_FROM, LINE_TO = 0.01, 0.99
"""Ends of the counting line in the picture, normalised."""


@dataclass(frozen=True, slots=True)
class View:
    """A camera `height` metres up, looking `pitch` degrees below the horizon; `focal` and picture in pixels."""

    height: float = 12.0
    pitch: float = 35.4
    focal: float = 560.0
    width: int = WIDTH
    rows: int = HEIGHT

    def enlarged(self, times: int) -> View:
        """Return the same view in a picture that is larger by a whole factor."""
        return View(self.height, self.pitch, self.focal * times, self.width * times, self.rows * times)

    def pixels(self, points: Points) -> Points:
        """Project points in metres, shape (..., 3), to pixels, shape (..., 2)."""
        sine, cosine = sin(radians(self.pitch)), cos(radians(self.pitch))
        below = self.height - points[..., 2]
        scale = self.focal / (points[..., 1] * cosine + below * sine)
        out = np.empty((*points.shape[:-1], 2))
        out[..., 0] = points[..., 0] * scale + (self.width / 2)
        out[..., 1] = (below * cosine - points[..., 1] * sine) * scale + (self.rows / 2)
        return out

    def scale(self, y: float, z: float = 0.0) -> float:
        """Return the pixels per metre across the picture at a distance and a height in metres."""
        return self.focal / (y * cos(radians(self.pitch)) + (self.height - z) * sin(radians(self.pitch)))

    def ground(self, v: float) -> float:
        """Return the distance on the ground, in metres, of a picture row given in pixels."""
        tangent = (v - self.rows / 2) / self.focal
        sine, cosine = sin(radians(self.pitch)), cos(radians(self.pitch))
        return self.height * (cosine - tangent * sine) / (sine + tangent * cosine)


STREET_VIEW = View()
LINE_Y = STREET_VIEW.ground(LINE_V * HEIGHT)
"""Distance of the counting line from the mast, in metres."""
LINE_METRES = (LINE_TO - LINE_FROM) * WIDTH / STREET_VIEW.scale(LINE_Y)
"""Length of the counting line on the ground, in metres."""
