"""Shop-houses, trees and lamp posts beside the street, painted into the empty picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from simulation.sprites import Colour
from simulation.view import Image, View

Corner = tuple[float, float, float]

_FRONT = 12.6
_SHOP = 4.5
_WALLS: tuple[Colour, ...] = ((150, 190, 205), (190, 200, 170), (140, 165, 215), (205, 205, 200), (170, 200, 140))
_AWNINGS: tuple[Colour, ...] = ((60, 60, 190), (150, 100, 40), (60, 130, 60), (40, 150, 220))
_LEAVES: tuple[Colour, ...] = ((32, 62, 34), (40, 84, 46), (48, 104, 62), (62, 128, 84))
TREES = ((11.6, 18.5), (11.5, 26.0), (-11.6, 21.5), (-11.5, 29.0), (11.5, 34.0), (-11.9, 14.0))
"""Where the trees stand, in metres."""


def paint_roadside(picture: Image, before: Image, *, view: View, seed: int) -> None:
    """Paint what stands beside the street; mark in `before` what can stand before passers-by."""
    random = np.random.default_rng(seed + 1)
    for side in (-1, 1):
        for number, y in enumerate(np.arange(40.0, 10.0, -_SHOP)):
            _shop(picture, side, float(y), number=number + side + 1, view=view)
    for x, y in sorted(TREES, key=lambda tree: -tree[1]):
        _tree(picture, before, (x, y), view=view, random=random)


def _fill(picture: Image, corners: Sequence[Corner], colour: Colour | int, view: View) -> None:
    points = np.rint(view.pixels(np.array(corners)) * 16).astype(np.int32)
    cv2.fillConvexPoly(picture, points, colour if isinstance(colour, tuple) else (colour,), cv2.LINE_AA, 4)


def _shop(picture: Image, side: int, y: float, *, number: int, view: View) -> None:
    """Paint one shop-house: wall, door, window upstairs, awning."""
    x, wall, awning = side * _FRONT, _WALLS[number % len(_WALLS)], _AWNINGS[number % len(_AWNINGS)]

    def upright(start: float, end: float, low: float, high: float, colour: Colour) -> None:
        ends = (y + start * _SHOP, y + end * _SHOP)
        _fill(picture, [(x, ends[0], low), (x, ends[1], low), (x, ends[1], high), (x, ends[0], high)], colour, view)

    upright(0, 1, 0, 7.0, wall)
    upright(0, 0.03, 0, 7.0, (90, 100, 105))
    upright(0.12, 0.88, 0, 2.5, (70, 74, 78))
    upright(0.16, 0.5, 0, 2.4, (120, 128, 132))
    upright(0.15, 0.45, 3.9, 5.4, (72, 66, 60))
    upright(0.55, 0.85, 3.9, 5.4, (72, 66, 60))
    out = x - side * 1.1
    _fill(picture, [(x, y + 0.2, 3.3), (x, y + _SHOP - 0.2, 3.3), (out, y + _SHOP - 0.2, 2.8), (out, y + 0.2, 2.8)],
          awning, view)  # fmt: skip


def _tree(
    picture: Image, before: Image, place: tuple[float, float], *, view: View, random: np.random.Generator
) -> None:
    """Paint a shadow, a trunk and a crown of many leaves, dark ones first."""
    x, y = place
    trunk: list[Corner] = [(x - 0.14, y, 0), (x + 0.14, y, 0), (x + 0.1, y, 3.2), (x - 0.1, y, 3.2)]
    _fill(picture, trunk, (52, 70, 88), view)
    _fill(before, trunk, 255, view)
    for shade, colour in enumerate(_LEAVES):
        for _ in range(70):
            angle, reach = random.uniform(0, 2 * np.pi), 1.5 * np.sqrt(random.uniform()) * (1 - 0.12 * shade)
            z = random.uniform(2.8, 4.6) + 0.25 * shade
            point = np.array([x + reach * np.cos(angle), y + reach * np.sin(angle), z])
            column, row = (int(value) for value in np.rint(view.pixels(point)))
            radius = int(view.scale(float(point[1]), z) * random.uniform(0.12, 0.3))
            cv2.circle(picture, (column, row), radius, colour, -1, cv2.LINE_AA)
            cv2.circle(before, (column, row), radius, (255,), -1, cv2.LINE_AA)
