"""What does not move, drawn once: the road in plan view and laid into the picture, then what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from simulation.roadside import TREES, paint_roadside
from simulation.view import STREET_VIEW, Image, View

_SCALE = 48
_LEFT, _NEAR, _FAR = -24.0, 6.0, 46.0
_SUPERSAMPLE = 2
_ROAD, _KERB, _WALK, _WALL = 6.35, 6.6, 7.6, 10.5
_STOP = 12.9
_WHITE = (196, 200, 202)


@dataclass(frozen=True, slots=True)
class Scenery:
    """The empty street, the same in shadow, and the mask of what stands before passers-by; BGR, (rows, width)."""

    lit: Image
    shaded: Image
    before: Image


def scenery(*, seed: int = 0) -> Scenery:
    """Draw the street of a seed."""
    view = STREET_VIEW.enlarged(_SUPERSAMPLE)
    picture = _laid(_plan(np.random.default_rng(seed)), view)
    mask = np.zeros(picture.shape[:2], np.uint8)
    paint_roadside(picture, mask, view=view, seed=seed)
    size = (STREET_VIEW.width, STREET_VIEW.rows)
    lit = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    before = cv2.threshold(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), 127, 255, cv2.THRESH_BINARY)[1]
    return Scenery(_image(lit), _image(cv2.convertScaleAbs(lit, alpha=0.6)), _image(before))


def _image(array: Any) -> Image:
    return np.ascontiguousarray(array, np.uint8)


def _plan(random: np.random.Generator) -> Image:
    """Draw the ground from above; column x, row y downwards from `_FAR`."""
    rows, columns = round((_FAR - _NEAR) * _SCALE), round(-2 * _LEFT * _SCALE)
    plan = np.empty((rows, columns, 3), np.uint8)
    plan[:] = (96, 128, 122)
    _bar(plan, (-_WALL, _WALL), (_NEAR, _FAR), (150, 158, 164))
    _paving(plan)
    for side in (-1, 1):
        _bar(plan, (side * _KERB, side * _WALK), (_NEAR, _FAR), (70, 112, 88))
        _kerb(plan, side)
    _bar(plan, (-_ROAD, _ROAD), (_NEAR, _FAR), (88, 86, 84))
    _wear(plan, random)
    _markings(plan)
    plan = _under_trees(plan)
    return _grain(plan, random)


def _bar(plan: Image, x: tuple[float, float], y: tuple[float, float], colour: tuple[int, int, int]) -> None:
    """Fill a rectangle given in metres."""
    columns = sorted(round((value - _LEFT) * _SCALE) for value in x)
    rows = sorted(round((_FAR - value) * _SCALE) for value in y)
    plan[max(rows[0], 0) : max(rows[1], 0), columns[0] : columns[1]] = colour


def _paving(plan: Image) -> None:
    for side in (-1, 1):
        for y in np.arange(_NEAR, _FAR, 0.6):
            _bar(plan, (side * _WALK, side * _WALL), (y, y + 0.05), (136, 143, 150))
        for x in np.arange(_WALK, _WALL, 0.6):
            _bar(plan, (side * x, side * (x + 0.04)), (_NEAR, _FAR), (138, 146, 152))
        _bar(plan, (side * 9.05, side * 9.3), (_NEAR, _FAR), (60, 175, 205))
        _bar(plan, (side * _WALL, side * (_WALL + 0.35)), (_NEAR, _FAR), (118, 122, 126))


def _kerb(plan: Image, side: int) -> None:
    """Paint the kerb black and white by turns, as Indonesian kerbs are."""
    for number, y in enumerate(np.arange(_NEAR, _FAR, 1.0)):
        colour = (205, 208, 208) if number % 2 else (58, 57, 56)
        _bar(plan, (side * _ROAD, side * _KERB), (y, y + 1.0), colour)


def _wear(plan: Image, random: np.random.Generator) -> None:
    """Darken wheel tracks, mend patches, stain the asphalt."""
    for middle in (-4.7, -1.65, 1.65, 4.7):
        for track in (-0.8, 0.8):
            _bar(plan, (middle + track - 0.25, middle + track + 0.25), (_NEAR, _FAR), (83, 81, 79))
    for _ in range(9):
        x, y = random.uniform(-6, 5), random.uniform(_NEAR, _FAR)
        grey = int(random.integers(74, 98))
        _bar(plan, (x, x + random.uniform(0.6, 1.8)), (y, y + random.uniform(0.8, 3.5)), (grey, grey, grey - 2))
    for _ in range(60):
        centre = (int(random.uniform(-6.4, 6.4) * _SCALE - _LEFT * _SCALE), int(random.uniform(0, plan.shape[0])))
        axes = (int(random.uniform(3, 14)), int(random.uniform(6, 30)))
        cv2.ellipse(plan, centre, axes, 0, 0, 360, (72, 71, 70), -1)


def _markings(plan: Image) -> None:
    """Paint zebra, stop line, the red waiting box for motorcycles, lane dashes and the double middle line."""
    _bar(plan, (0.25, _ROAD - 0.35), (_STOP + 0.4, _STOP + 4.6), (74, 72, 118))
    for x in np.arange(-_ROAD + 0.5, _ROAD - 0.3, 0.9):
        _bar(plan, (x, x + 0.48), (9.2, 11.9), _WHITE)
    _bar(plan, (0.1, _ROAD - 0.3), (_STOP, _STOP + 0.35), _WHITE)
    for x in (0.25, _ROAD - 0.47):
        _bar(plan, (x, x + 0.12), (_STOP + 0.4, _STOP + 4.6), _WHITE)
    _bar(plan, (0.25, _ROAD - 0.35), (_STOP + 4.6, _STOP + 4.75), _WHITE)
    for x in (-0.22, 0.1):
        _bar(plan, (x, x + 0.12), (_STOP, _FAR), _WHITE)
    for x in (-_ROAD + 0.25, _ROAD - 0.37):
        _bar(plan, (x, x + 0.12), (_STOP + 4.7, _FAR), _WHITE)
    for y in np.arange(_STOP + 5.0, _FAR, 5.0):
        for x in (-3.24, 3.12):
            _bar(plan, (x, x + 0.12), (y, y + 2.6), _WHITE)
    _bar(plan, (-3.24, -3.12), (_STOP, _STOP + 4.0), _WHITE)


def _under_trees(plan: Image) -> Image:
    """Darken the ground under the crowns, softly."""
    light = np.ones(plan.shape[:2], np.float32)
    for x, y in TREES:
        centre = (round((x + 0.4 - _LEFT) * _SCALE), round((_FAR - y) * _SCALE))
        cv2.circle(light, centre, round(1.7 * _SCALE), (0.62,), -1)
    soft = cv2.GaussianBlur(light, (0, 0), 0.22 * _SCALE)
    return _image(plan * soft[..., None])


def _grain(plan: Image, random: np.random.Generator) -> Image:
    """Give every surface fine and coarse unevenness."""
    rows, columns = plan.shape[:2]
    grain = random.normal(0, 5.0, (rows, columns)).astype(np.float32)
    for cells, strength in ((24, 4.0), (160, 5.0)):
        coarse = random.normal(0, strength, (rows // cells + 2, columns // cells + 2)).astype(np.float32)
        cv2.add(grain, cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC), dst=grain)
    return _image(np.clip(plan + grain[..., None], 0, 255))


def _laid(plan: Image, view: View) -> Image:
    """Lay the plan into the picture in perspective."""
    corners = np.array([(_LEFT, _FAR), (-_LEFT, _FAR), (-_LEFT, _NEAR), (_LEFT, _NEAR)])
    ground = np.column_stack([corners, np.zeros(4)])
    source = np.column_stack([(corners[:, 0] - _LEFT) * _SCALE, (_FAR - corners[:, 1]) * _SCALE]).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(source, view.pixels(ground).astype(np.float32))
    return _image(cv2.warpPerspective(plan, matrix, (view.width, view.rows), flags=cv2.INTER_LINEAR))
