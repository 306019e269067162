"""Who uses the street: the kinds, their true sizes and speeds, and the lanes they keep to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LOOKS = 24
"""Variants of each kind's looks."""


class Kind(StrEnum):
    """A class of road user."""

    MOTORCYCLE = "motorcycle"
    CAR = "car"
    LORRY = "lorry"
    PEDESTRIAN = "pedestrian"


class Direction(StrEnum):
    """Across the counting line: `in` is down the picture, towards the camera."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Body:
    """Sizes in metres, speeds in metres per second; `sway` is how far it strays from the middle of its lane."""

    width: float
    length: float
    height: float
    speeds: tuple[float, float]
    sway: float


BODIES: Mapping[Kind, Body] = {
    Kind.MOTORCYCLE: Body(0.8, 2.0, 1.65, (5.5, 9.0), 0.9),
    Kind.CAR: Body(1.8, 4.3, 1.5, (5.0, 8.5), 0.2),
    Kind.LORRY: Body(2.5, 6.5, 2.7, (4.5, 7.0), 0.1),
    Kind.PEDESTRIAN: Body(0.5, 0.4, 1.7, (1.0, 1.6), 0.2),
}


@dataclass(frozen=True, slots=True)
class Lane:
    """A strip with its middle at `x` metres, one direction, and the mean seconds between its users."""

    name: str
    x: float
    direction: Direction
    every: float
    mix: Mapping[Kind, float]


_KERB = {Kind.MOTORCYCLE: 0.76, Kind.CAR: 0.16, Kind.LORRY: 0.08}
_MIDDLE = {Kind.MOTORCYCLE: 0.43, Kind.CAR: 0.51, Kind.LORRY: 0.06}
_WALK = {Kind.PEDESTRIAN: 1.0}

LANES: tuple[Lane, ...] = (
    Lane("in-kerb", 4.7, Direction.IN, 6.2, _KERB),
    Lane("in-middle", 1.65, Direction.IN, 7.4, _MIDDLE),
    Lane("out-middle", -1.65, Direction.OUT, 7.4, _MIDDLE),
    Lane("out-kerb", -4.7, Direction.OUT, 6.2, _KERB),
    Lane("walk-right-in", 8.7, Direction.IN, 24.0, _WALK),
    Lane("walk-right-out", 9.7, Direction.OUT, 24.0, _WALK),
    Lane("walk-left-out", -8.7, Direction.OUT, 24.0, _WALK),
    Lane("walk-left-in", -9.7, Direction.IN, 24.0, _WALK),
)
"""Indonesia drives on the left: towards the camera is on the right of the picture."""
