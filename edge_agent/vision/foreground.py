"""What does not belong to the empty street: edges that the background lacks.

Edges instead of brightness, because the light of a street changes and its edges hardly do: automatic exposure, pools
of headlights, clouds and soft shadows have few edges, every vehicle has many. And because only *more* edge than the
background counts, a vehicle that stood in the first picture leaves no ghost when it goes.

Brightness helps in one thing: what is much darker than the street holds the edges of one body together.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edge_agent.vision.shrink import Image

STRONG, WEAK = 20, 8
"""How much stronger than the background an edge must be, in grey levels: to begin an object, to belong to it."""
HEADROOM = 1.25
"""How much the background's own edges may grow with the exposure."""
DARK, DARK_BY = 0.75, 10
"""A body is darker than this share of the street's brightness, and by more than so many grey levels besides."""
TICK = 0.2
"""Seconds between two steps of learning."""
BOOT, BOOT_EDGE_STEP, BOOT_LIGHT_STEP = 3.0, 4, 8
"""Seconds of fast learning at the start, and its grey levels a tick."""
CALM_TICKS = 5
"""Ticks for one grey level afterwards: a standing queue of strong edges stays for a minute and more."""
UPHEAVAL = 0.25
"""The share of strong new edges at which the picture is another one: the camera was moved or the light switched."""

_NEAR = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class NewEdges:
    """Where a picture has edges that the street lacks: 255, else 0."""

    weak: Image
    """All that belong together, with dark bodies, small gaps closed."""
    strong: Image


class Foreground:
    """Learns the empty street and returns what is new; a picture of another size starts it anew."""

    def __init__(self) -> None:
        self._edges = self._expected = self._light = np.empty((0, 0), np.uint8)
        self._mean_light = 1.0
        self._born = self._due = 0.0
        self._ticks = 0

    def apply(self, small: Image, now: float) -> NewEdges:
        """Return what is new in the picture at `now` (seconds) and learn from it."""
        light = np.asarray(cv2.blur(small, (3, 3)), np.uint8)
        edges = np.asarray(cv2.morphologyEx(light, cv2.MORPH_GRADIENT, _NEAR), np.uint8)
        if self._edges.shape != edges.shape:
            self._start(edges, light, now)
        excess = cv2.subtract(edges, self._expected)
        strong = _over(excess, STRONG)
        weak = _closed(np.asarray(cv2.bitwise_or(_over(excess, WEAK), self._dark(light)), np.uint8))
        if now >= self._due:
            torn = cv2.countNonZero(strong) > UPHEAVAL * strong.size
            (self._start if torn else self._learn)(edges, light, now)
        return NewEdges(weak, strong)

    def _dark(self, light: Image) -> Image:
        """Return where the picture is much darker than the street, allowing for an exposure that darkens it all."""
        exposure = min(1.0, cv2.mean(light)[0] / self._mean_light)
        return _over(cv2.subtract(cv2.convertScaleAbs(self._light, alpha=DARK * exposure), light), DARK_BY)

    def _start(self, edges: Image, light: Image, now: float) -> None:
        self._know(edges, light)
        self._born, self._due, self._ticks = now, now + TICK, 0

    def _learn(self, edges: Image, light: Image, now: float) -> None:
        self._due = now + TICK
        self._ticks += 1
        if now - self._born < BOOT:
            self._know(_nearer(self._edges, edges, BOOT_EDGE_STEP), _nearer(self._light, light, BOOT_LIGHT_STEP))
        elif self._ticks % CALM_TICKS == 0:
            self._know(_nearer(self._edges, edges, 1), _nearer(self._light, light, 1))

    def _know(self, edges: Image, light: Image) -> None:
        """Take these for the empty street; an edge may sway by a pixel and grow with the exposure."""
        self._edges, self._light = edges, light
        self._expected = np.asarray(cv2.convertScaleAbs(cv2.dilate(edges, _NEAR), alpha=HEADROOM), np.uint8)
        self._mean_light = max(1.0, cv2.mean(light)[0])


def _nearer(known: Image, seen: Image, step: int) -> Image:
    """Move each pixel a step towards what is seen: a running median, which no passing vehicle drags along."""
    more, less = (seen > known) * np.uint8(step), (seen < known) * np.uint8(step)
    return np.asarray(cv2.subtract(cv2.add(known, more), less), np.uint8)


def _over(values: cv2.typing.MatLike, threshold: int) -> Image:
    return np.asarray(cv2.threshold(values, threshold, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _closed(weak: Image) -> Image:
    """Close gaps of about a hundredth of the picture's height."""
    width = 2 * round(weak.shape[0] / 130) + 1
    return np.asarray(cv2.morphologyEx(weak, cv2.MORPH_CLOSE, np.ones((width, width), np.uint8)), np.uint8)
