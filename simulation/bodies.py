"""What each kind of road user looks like, in `LOOKS` variants."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from random import Random

import numpy as np

from simulation.sprites import Colour, Decal, Disc, Solid, Sprite, build, shade
from simulation.vehicles import BODIES, LANES, LOOKS, Direction, Kind
from simulation.view import LINE_Y, STREET_VIEW

_GLASS: Colour = (62, 52, 46)
_TYRE: Colour = (34, 33, 32)
_LAMP: Colour = (225, 245, 250)
_TAIL: Colour = (40, 40, 205)
_SKIN: Colour = (95, 130, 180)
_CARS: tuple[Colour, ...] = (
    (205, 203, 200), (232, 232, 230), (50, 48, 46), (150, 148, 145), (44, 44, 165), (140, 92, 48), (196, 150, 70),
)  # fmt: skip
_ANGKOT: Colour = (190, 120, 20)
_CABS: tuple[Colour, ...] = ((30, 170, 225), (60, 140, 60), (170, 90, 40), (215, 215, 212), (45, 50, 190))
_BOXES: tuple[Colour, ...] = ((80, 118, 150), (208, 208, 205), (150, 110, 60), (105, 125, 120))
_BIKES: tuple[Colour, ...] = ((40, 38, 38), (40, 40, 175), (165, 80, 35), (200, 200, 200), (45, 120, 190))
_SHIRTS: tuple[Colour, ...] = (
    (70, 150, 40), (70, 150, 40), (60, 60, 150), (160, 90, 50), (60, 58, 56), (190, 190, 188), (60, 130, 205),
)  # fmt: skip
_CLOTHES: tuple[Colour, ...] = (
    (70, 150, 40), (60, 60, 170), (165, 95, 45), (56, 54, 52), (205, 205, 203), (60, 130, 205), (150, 90, 140),
)  # fmt: skip
_TROUSERS: tuple[Colour, ...] = ((70, 52, 40), (50, 48, 46), (95, 90, 84))
_HELMETS: tuple[Colour, ...] = ((45, 45, 45), (225, 225, 225), (40, 40, 190), (60, 150, 50), (190, 110, 40))
_STEPS = 4


@lru_cache(maxsize=512)
def sprite(kind: Kind, direction: Direction, right: bool, look: int, step: int = 0) -> Sprite:
    """Return a road user's sprite; `right` of the camera or left, `step` is the phase of a walk."""
    random = Random(f"{kind}/{look}")
    discs: list[Disc] = []
    if kind is Kind.CAR:
        solids = _car(random)
    elif kind is Kind.LORRY:
        solids = _lorry(random)
    elif kind is Kind.MOTORCYCLE:
        solids, discs = _motorcycle(random)
    else:
        solids, discs = _pedestrian(random, step % _STEPS)
    return build(solids, discs, towards=direction is Direction.IN, right=right)


def _car(random: Random) -> list[Solid]:
    body = BODIES[Kind.CAR]
    half, width = body.length / 2, body.width
    van = random.random() < 0.45
    colour = _ANGKOT if van and random.random() < 0.3 else random.choice(_CARS)
    cabin, roof = ((-half + 0.05, half - 0.9), (-half + 0.2, half - 1.7)) if van else ((-1.7, 1.1), (-1.1, 0.35))
    lamps = [
        Decal(face, across, (0.45, 0.75), lamp)
        for face, lamp in (("front", _LAMP), ("rear", _TAIL))
        for across in ((0.03, 0.22), (0.78, 0.97))
    ]
    wheels = [Decal("side", across, (-0.4, 0.45), _TYRE) for across in ((0.13, 0.28), (0.72, 0.87))]
    grille = [Decal("front", (0.26, 0.74), (0.5, 0.7), (60, 58, 56))]
    plate = [Decal(face, (0.38, 0.62), (0.15, 0.4), (235, 235, 235)) for face in ("front", "rear")]
    skirt = [Decal(face, (0.0, 1.0), (-0.3, 0.12), (45, 43, 42)) for face in ("front", "rear")]
    windows = [Decal(face, (0.08, 0.92), (0.12, 0.86), _GLASS) for face in ("front", "rear")]
    windows += [Decal("side", across, (0.15, 0.85), _GLASS) for across in ((0.07, 0.48), (0.53, 0.93))]
    return [
        Solid((-half, half), width, (0.28, 0.88), colour, top_along=(-half + 0.08, half - 0.12),
              decals=(*wheels, *skirt, *lamps, *grille, *plate)),
        Solid(cabin, width - 0.1, (0.88, body.height), colour, top_along=roof, top_width=width - 0.45, layer=1,
              decals=tuple(windows)),
    ]  # fmt: skip


def _lorry(random: Random) -> list[Solid]:
    body = BODIES[Kind.LORRY]
    half, width = body.length / 2, body.width
    cab, box = random.choice(_CABS), random.choice(_BOXES)
    wheels = [Decal("side", across, (0.0, 0.8), _TYRE) for across in ((0.06, 0.18), (0.2, 0.32), (0.78, 0.9))]
    lamps = [Decal("front", across, (0.08, 0.2), _LAMP) for across in ((0.04, 0.2), (0.8, 0.96))]
    tails = [Decal("rear", across, (0.5, 0.9), _TAIL) for across in ((0.03, 0.12), (0.88, 0.97))]
    glass = [Decal("front", (0.07, 0.93), (0.5, 0.88), _GLASS), Decal("side", (0.3, 0.85), (0.5, 0.85), _GLASS)]
    ribs = [Decal("side", (k / 8, k / 8 + 0.02), (0, 1), shade(box, 0.75)) for k in range(1, 8)]
    ribs += [Decal("rear", (0.49, 0.51), (0, 1), shade(box, 0.7)), Decal("rear", (0, 1), (0.0, 0.06), shade(box, 0.6))]
    return [
        Solid((-half, half), width - 0.3, (0.05, 0.95), (52, 50, 48), decals=(*wheels, *tails)),
        Solid((half - 1.6, half), width - 0.2, (0.5, 2.3), cab, top_along=(half - 1.5, half - 0.25), layer=1,
              decals=(*lamps, *glass)),
        Solid((-half, half - 1.75), width, (0.95, body.height), box, layer=1, decals=tuple(ribs)),
    ]  # fmt: skip


def _motorcycle(random: Random) -> tuple[list[Solid], list[Disc]]:
    body = BODIES[Kind.MOTORCYCLE]
    bike, shirt, trousers = random.choice(_BIKES), random.choice(_SHIRTS), random.choice(_TROUSERS)
    courier, pillion = random.random() < 0.2, random.random() < 0.25
    lamp = (Decal("front", (0.25, 0.75), (0.55, 0.95), _LAMP),)
    tail = (Decal("rear", (0.25, 0.75), (0.6, 0.9), _TAIL),)
    solids = [
        Solid((0.5, 1.0), 0.14, (0.0, 0.55), _TYRE),
        Solid((-1.0, -0.45), 0.16, (0.0, 0.6), _TYRE),
        Solid((0.3, 0.75), 0.34, (0.45, 1.0), bike, top_along=(0.25, 0.5), layer=1, decals=lamp),
        Solid((-0.9, 0.35), 0.36, (0.4, 0.82), shade(bike, 0.85), layer=1, decals=tail),
        Solid((0.3, 0.42), body.width, (1.0, 1.08), _TYRE, layer=2),
        Solid((-0.25, 0.35), 0.56, (0.55, 0.9), trousers, layer=3),
        Solid((0.0, 0.36), 0.66, (0.98, 1.18), shade(shirt, 0.85), top_along=(0.0, 0.2), top_width=0.5, layer=3),
        Solid((-0.3, 0.1), 0.5, (0.85, 1.42), shirt, top_along=(-0.2, 0.12), top_width=0.44, layer=4),
    ]
    discs = [Disc(0.0, 0.0, 1.53, 0.145, random.choice(_HELMETS))]
    if courier:
        solids.append(Solid((-0.95, -0.45), 0.5, (0.85, 1.35), random.choice(((60, 150, 40), (20, 110, 230))), layer=4))
    elif pillion:
        solids.append(Solid((-0.75, -0.4), 0.46, (0.8, 1.38), random.choice(_SHIRTS), top_width=0.4, layer=4))
        discs.insert(0, Disc(-0.55, 0.0, 1.5, 0.14, random.choice(_HELMETS)))
    return solids, discs


def _pedestrian(random: Random, step: int) -> tuple[list[Solid], list[Disc]]:
    shirt, trousers = random.choice(_CLOTHES), random.choice(_TROUSERS)
    hair = random.choice(((35, 32, 30), (35, 32, 30), (150, 110, 90), (190, 190, 200)))
    stride = (0.24, 0.05, -0.24, -0.05)[step]
    solids = [
        Solid((stride - 0.09, stride + 0.09), 0.15, (0.0, 0.82), trousers, top_along=(-0.08, 0.08), shift=0.1),
        Solid((-stride - 0.09, -stride + 0.09), 0.15, (0.0, 0.82), trousers, top_along=(-0.08, 0.08), shift=-0.1),
        Solid((-stride - 0.07, -stride + 0.07), 0.1, (0.75, 1.38), _SKIN, top_along=(-0.07, 0.07), shift=0.22, layer=1),
        Solid((stride - 0.07, stride + 0.07), 0.1, (0.75, 1.38), _SKIN, top_along=(-0.07, 0.07), shift=-0.22, layer=1),
        Solid((-0.13, 0.13), 0.36, (0.8, 1.44), shirt, top_width=0.42, layer=2),
    ]
    return solids, [Disc(0.0, 0.0, 1.58, 0.125, hair)]


def apparent_widths() -> Mapping[Kind, tuple[float, float]]:
    """Return the least and greatest width of each kind in the picture at the counting line, in metres of that line."""
    scale = STREET_VIEW.scale(LINE_Y)
    widths: dict[Kind, list[float]] = {kind: [] for kind in Kind}
    for lane, look in product(LANES, range(LOOKS)):
        for kind in lane.mix:
            place = np.array([lane.x, LINE_Y, 0.0])
            columns = STREET_VIEW.pixels(sprite(kind, lane.direction, lane.x > 0, look).quads + place)[..., 0]
            widths[kind].append(float(np.ptp(columns)) / scale)
    return {kind: (round(min(found), 2), round(max(found), 2)) for kind, found in widths.items()}
