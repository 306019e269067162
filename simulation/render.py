"""Frames of the street: a pure function of who is there, the time and the seed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.bodies import sprite
from simulation.scenery import scenery
from simulation.sprites import Sprite
from simulation.street import Trip
from simulation.vehicles import Kind
from simulation.view import HEIGHT, STREET_VIEW, WIDTH, Image

_NOISE = 2.2
_MARGIN = 160
_LIFT = 16
_STRIDE = 0.35


class Painter:
    """Paints BGR frames of 640 by 360."""

    def __init__(self, *, seed: int = 0, title: str = "SIMPANG EMPAT - UTARA") -> None:
        """Draw the empty street once."""
        self._scenery = scenery(seed=seed)
        self._title = title
        self._shadow = np.zeros((HEIGHT, WIDTH), np.uint8)
        grain = np.random.default_rng(seed).normal(_LIFT, _NOISE, (HEIGHT + _MARGIN, WIDTH + _MARGIN))
        self._grain = np.repeat(np.clip(np.rint(grain), 0, 255).astype(np.uint8)[..., None], 3, axis=2)

    def frame(self, trips: Iterable[Trip], time: float, clock: str) -> Image:
        """Return the picture at a time in seconds, shape (360, 640, 3), with a clock burned in."""
        placed = sorted(((*trip.position(time), trip) for trip in trips), key=lambda item: -item[1])
        bodies = [(_sprite(trip, y), np.array([x, y, 0.0])) for x, y, trip in placed]
        frame = self._scenery.lit.copy()
        self._cast_shadows(frame, bodies)
        for body, place in bodies:
            _paint(frame, body, place)
        cv2.copyTo(self._scenery.lit, self._scenery.before, frame)
        return self._developed(frame, time, clock)

    def _cast_shadows(self, frame: Image, bodies: Iterable[tuple[Sprite, NDArray[Any]]]) -> None:
        self._shadow[:] = 0
        for body, place in bodies:
            corners = np.rint(STREET_VIEW.pixels(body.shadow + place)).astype(np.int32)
            cv2.fillConvexPoly(self._shadow, corners, (255,))
        cv2.copyTo(self._scenery.shaded, self._shadow, frame)

    def _developed(self, frame: Image, time: float, clock: str) -> Image:
        """Add the sensor's noise, another cut of the grain at each tenth of a second, and the text."""
        number = round(time * 10)
        row, column = number * 37 % _MARGIN, number * 61 % _MARGIN
        grain = self._grain[row : row + HEIGHT, column : column + WIDTH]
        cv2.addWeighted(frame, 1.0, grain, 1.0, -_LIFT, dst=frame)
        for text, place in ((self._title, (10, 20)), (clock, (10, HEIGHT - 12))):
            for colour, shift in (((20, 20, 20), 1), ((240, 240, 240), 0)):
                origin = (place[0] + shift, place[1] + shift)
                cv2.putText(frame, text, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
        return frame


def jpeg(frame: Image, *, quality: int = 80) -> bytes:
    """Return a frame as JPEG."""
    return bytes(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def _sprite(trip: Trip, y: float) -> Sprite:
    step = int(y / _STRIDE) if trip.kind is Kind.PEDESTRIAN else 0
    return sprite(trip.kind, trip.direction, trip.x > 0, trip.look, step % 4)


def _paint(frame: Image, body: Sprite, place: NDArray[Any]) -> None:
    """Fill a body's quads, then its discs; coordinates carry four fractional bits."""
    quads = np.rint(STREET_VIEW.pixels(body.quads + place) * 16).astype(np.int32)
    for corners, colour in zip(quads, body.colours, strict=True):
        cv2.fillConvexPoly(frame, corners, colour, cv2.LINE_AA, 4)
    centres = body.centres + place
    for centre, pixel, disc in zip(centres, STREET_VIEW.pixels(centres), body.discs, strict=True):
        column, row = (int(value) for value in np.rint(pixel * 16))
        radius = round(disc.radius * STREET_VIEW.scale(float(centre[1]), float(centre[2])) * 16)
        cv2.circle(frame, (column, row), radius, disc.colour, -1, cv2.LINE_AA, 4)
