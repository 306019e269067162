"""Road users as painted boxes: what is built once per look, so that a frame only projects and fills polygons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""Blue, green, red."""
Array = NDArray[np.floating[Any]]
Span = tuple[float, float]

_CARRIED = 0.9
"""Metres up from which a part casts no shadow of its own."""


@dataclass(frozen=True, slots=True)
class Decal:
    """A rectangle on a face (`front`, `rear`, `side` or `top`), in fractions of its width and height."""

    face: str
    across: Span
    up: Span
    colour: Colour


@dataclass(frozen=True, slots=True)
class Solid:
    """A box that may taper: metres forwards of the middle, across it and up; a higher `layer` is painted later."""

    along: Span
    width: float
    up: Span
    colour: Colour
    top_along: Span | None = None
    top_width: float | None = None
    layer: int = 0
    shift: float = 0.0
    decals: tuple[Decal, ...] = ()


@dataclass(frozen=True, slots=True)
class Disc:
    """A ball such as a head: metres forwards, across, up, and its radius."""

    along: float
    across: float
    up: float
    radius: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Sprite:
    """Painted in order: quads of shape (n, 4, 3) and discs of shape (m, 3), in metres off the ground contact."""

    quads: Array
    colours: tuple[Colour, ...]
    centres: Array
    discs: tuple[Disc, ...]
    shadow: Array
    """The corners of its shadow on the ground, shape (16, 3)."""


def build(solids: Sequence[Solid], discs: Sequence[Disc], *, towards: bool, right: bool) -> Sprite:
    """Keep what the camera sees of a body that comes towards it or goes away, right or left of the camera."""
    sign = -1.0 if towards else 1.0
    seen = [quad for solid in _far_to_near(solids, towards) for quad in _visible(solid, towards=towards, right=right)]
    return Sprite(
        quads=np.array([corners for corners, _ in seen]) * np.array([1.0, sign, 1.0]),
        colours=tuple(colour for _, colour in seen),
        centres=np.array([(disc.across, sign * disc.along, disc.up) for disc in discs]).reshape(-1, 3),
        discs=tuple(discs),
        shadow=_shadow(solids, sign),
    )


def shade(colour: Colour, factor: float) -> Colour:
    """Return a colour darker or lighter by a factor."""
    blue, green, red = (min(255, round(part * factor)) for part in colour)
    return blue, green, red


def _far_to_near(solids: Iterable[Solid], towards: bool) -> list[Solid]:
    return sorted(solids, key=lambda solid: (solid.layer, solid.along[1] if towards else -solid.along[0]))


def _visible(solid: Solid, *, towards: bool, right: bool) -> Iterator[tuple[Array, Colour]]:
    near = "front" if towards else "rear"
    side = -1.0 if right else 1.0
    for face, light in (("side", 0.72), ("top", 1.06), (near, 0.88)):
        corners = _face(solid, face, side)
        yield corners, shade(solid.colour, light)
        for decal in solid.decals:
            if decal.face == face:
                yield _part(corners, decal.across, decal.up), shade(decal.colour, light)


def _face(solid: Solid, face: str, side: float) -> Array:
    """Return a face's corners: low left, low right, high right, high left (top: rear, then front)."""
    (rear, front), (low, high) = solid.along, solid.up
    top_rear, top_front = solid.top_along or solid.along
    half, top = solid.width / 2, (solid.width if solid.top_width is None else solid.top_width) / 2
    if face == "side":
        corners = [(side * half, rear, low), (side * half, front, low), (side * top, top_front, high)]
        corners.append((side * top, top_rear, high))
    elif face == "top":
        corners = [(-top, top_rear, high), (top, top_rear, high), (top, top_front, high), (-top, top_front, high)]
    else:
        y, top_y = (front, top_front) if face == "front" else (rear, top_rear)
        corners = [(-half, y, low), (half, y, low), (top, top_y, high), (-top, top_y, high)]
    shifted: Array = np.array(corners) + np.array([solid.shift, 0.0, 0.0])
    return shifted


def _part(corners: Array, across: Span, up: Span) -> Array:
    low_left, low_right, high_right, high_left = corners
    points = []
    for a, b in ((across[0], up[0]), (across[1], up[0]), (across[1], up[1]), (across[0], up[1])):
        points.append((1 - b) * ((1 - a) * low_left + a * low_right) + b * ((1 - a) * high_left + a * high_right))
    return np.array(points)


def _shadow(solids: Sequence[Solid], sign: float) -> Array:
    """Return the rounded footprint, a little larger and pushed to the right as under a high sun."""
    half = max(solid.width for solid in solids if solid.up[0] < _CARRIED) / 2 + 0.08
    rear, front = min(solid.along[0] for solid in solids) - 0.1, max(solid.along[1] for solid in solids) + 0.1
    push = 0.1 * max(solid.up[1] for solid in solids)
    angles = np.arange(16) * (np.pi / 8)
    across, along = (np.sign(wave) * np.abs(wave) ** 0.5 for wave in (np.cos(angles), np.sin(angles)))
    x = across * (half + push / 2) + push / 2
    y = along * (front - rear) / 2 + (front + rear) / 2
    return np.column_stack([x, sign * y, np.zeros(16)])
