"""Whether the scene can be measured at all: is there a picture, does it live, is there anything to see in it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edge_agent.vision.interval import SECOND
from edge_agent.vision.shrink import Image
from telemetry.quantity import Family
from telemetry.reading import Measurement

STALE = 5 * SECOND
"""Nanoseconds without a picture after which the scene is not measurable."""
FROZEN = 5 * SECOND
"""Nanoseconds of identical pictures after which the picture is frozen; a living sensor makes noise."""
BLACK = 12.0
"""Mean brightness under which the picture is black."""
FLAT = 6.0
"""Standard deviation of brightness under which there is nothing to see: fog, a cloth, a blinded sensor."""
SETTLE = 1 * SECOND
"""Nanoseconds that black or flat must last, or be over, to be believed."""


@dataclass(frozen=True, slots=True)
class Losses:
    """What was lost since the process began."""

    skipped: int = 0
    decode_errors: int = 0
    reconnects: int = 0


class Scene:
    """The state of the scene; times in nanoseconds of one clock."""

    def __init__(self, now: int) -> None:
        self._frame = self._changed = self._turned = now
        self._small: Image | None = None
        self._allowed: Image | None = None
        self._brightness = self._contrast = 0.0
        self._poor = False
        self._frames = 0
        self._reported = Losses()

    def see(self, small: Image, allowed: Image | None, now: int) -> None:
        """Take in the small picture of `now`; `allowed` is 255 where it may be looked at."""
        self._allowed = allowed
        mean, deviation = cv2.meanStdDev(small, mask=allowed)
        self._brightness, self._contrast = float(mean[0, 0]), float(deviation[0, 0])
        first = self._small is None
        if self._small is None or not np.array_equal(small, self._small):
            self._changed = now
        self._small, self._frame = small, now
        self._frames += 1
        poor = self._brightness < BLACK or self._contrast < FLAT
        if poor == self._poor or first:
            self._turned = now
        if first or now - self._turned >= SETTLE:
            self._poor = poor

    def measurable(self, now: int) -> bool:
        """Tell whether counting can be trusted."""
        return self._small is not None and not self._poor and not self.frozen and now - self._frame <= STALE

    @property
    def frozen(self) -> bool:
        """Whether the newest pictures have been one and the same."""
        return self._frame - self._changed > FROZEN

    def report(self, now: int, losses: Losses) -> Measurement:
        """Return the state, with frames and losses since the last report."""
        before, self._reported = self._reported, losses
        values = {
            "measurable": float(self.measurable(now)),
            "frame_age": round((now - self._frame) / SECOND, 3),
            "frames": self._frames,
            "skipped": losses.skipped - before.skipped,
            "decode_errors": losses.decode_errors - before.decode_errors,
            "reconnects": losses.reconnects - before.reconnects,
            "frozen": float(self.frozen),
            "dark": float(self._small is not None and self._brightness < BLACK),
        }
        self._frames = 0
        return Measurement(Family.SCENE, values | self._looks())

    def _looks(self) -> dict[str, float]:
        """Return brightness, contrast and sharpness of the newest picture, nothing before the first."""
        if self._small is None:
            return {}
        _, edges = cv2.meanStdDev(cv2.Laplacian(self._small, cv2.CV_16S), mask=self._allowed)
        looks = {"brightness": self._brightness, "contrast": self._contrast, "sharpness": float(edges[0, 0]) ** 2}
        return {name: round(min(value, 1e6), 2) for name, value in looks.items()}
