"""What kind of road user a box is, by its width on the ground; nothing is guessed where the line was not measured."""

from __future__ import annotations

from math import hypot, inf

from edge_agent.vision.settings import Line

UNKNOWN = "unknown"
WIDTHS: tuple[tuple[float, str], ...] = (
    (0.85, "pedestrian"),
    (1.4, "motorcycle"),
    (2.5, "car"),
    (inf, "lorry"),
)
"""Classes by the width in metres that they stay below.

People are 0.5 m wide, motorcycles 0.7 to 0.9 m at the handlebar, cars 1.6 to 1.9 m, lorries and buses 2.3 to 2.6 m;
shadow and the side that a vehicle off the middle shows add 0.3 to 0.5 m.
"""
EDGE = 4
"""Pixels by which a box is wider than what is in it: smoothing and edges reach one further on either side, each."""


def reported(line: Line) -> tuple[str, ...]:
    """Return the classes that a line can report."""
    return (UNKNOWN,) if line.metres is None else tuple(name for _, name in WIDTHS)


def classify(line: Line, size: tuple[float, float], picture: tuple[int, int]) -> str:
    """Return the class of a box of this width and height at the line; sizes in pixels of the small picture."""
    if line.metres is None:
        return UNKNOWN
    along = (line.end[0] - line.start[0]) * picture[0], (line.end[1] - line.start[1]) * picture[1]
    length = hypot(*along)
    wide = (abs(along[0]) * (size[0] - EDGE) + abs(along[1]) * (size[1] - EDGE)) / length
    metres = wide * line.metres / length
    return next(name for below, name in WIDTHS if metres < below)
