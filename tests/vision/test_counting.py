"""Crossings of a line: tables of ways and what they count."""

from __future__ import annotations

from math import hypot

import pytest

from edge_agent.vision.counting import LineCounter, Spot
from edge_agent.vision.settings import Line

ACROSS = Line("l1", (0.0, 0.5), (1.0, 0.5), ("down", "up"))
SLOPING = Line("l2", (0.2, 0.9), (0.8, 0.1), ("right", "left"))

Way = list[tuple[float, float]]


def counted(line: Line, way: Way, *, sure: int = 0) -> list[str]:
    """Let one track go this way in a picture of 200 by 100; it is believed from the step `sure` on."""
    counter, directions, travelled = LineCounter(line, 200, 100), [], 0.0
    for step, (x, y) in enumerate(way):
        travelled = max(travelled, hypot(x - way[0][0], y - way[0][1]))
        directions += [d for _, d in counter.crossings([Spot(1, (x, y), 10, travelled, sure=step >= sure)])]
    return directions


def steps(*ys: float, x: float = 100) -> Way:
    return [(x, y) for y in ys]


@pytest.mark.parametrize(
    ("name", "way", "directions"),
    [
        ("downwards", steps(40, 45, 50, 55, 60), ["down"]),
        ("upwards", steps(60, 55, 50, 45, 40), ["up"]),
        ("in one leap", steps(20, 80), ["down"]),
        ("up to the line and back", steps(40, 45, 49, 50, 49, 44, 40), []),
        ("trembling on the line", steps(50, 50.5, 49.6, 50.4, 49.5, 50.5), []),
        ("trembling on the line after a way", steps(40, 45, 49.5, 50.5, 49.5, 50.6, 49.4), []),
        ("stop and go on the line", steps(40, 48, 49.5, 50, 50, 50, 50, 50.4, 53, 60), ["down"]),
        ("trembling once across", steps(40, 45, 50, 52, 50.5, 49.6, 50.3, 52, 58), ["down"]),
        ("U-turn", steps(40, 50, 60, 60, 50, 40), ["down", "up"]),
        ("U-turn and again", steps(40, 60, 40, 60), ["down", "up", "down"]),
        ("born on the line", steps(50, 52, 56, 60), []),
        ("too short a way", steps(48.5, 51.5), []),
        ("beyond the end of the line", steps(40, 50, 60, x=230), []),
        ("round the end of the line", [(190, 40), (230, 40), (230, 60), (190, 60)], []),
        ("along the line", [(10, 40), (100, 40), (190, 40)], []),
    ],
)
def test_a_way_over_a_level_line(name: str, way: Way, directions: list[str]) -> None:
    assert counted(ACROSS, way) == directions, name


@pytest.mark.parametrize(
    ("way", "directions"),
    [
        ([(60, 50), (100, 50), (140, 50)], ["right"]),
        ([(140, 50), (100, 50), (60, 50)], ["left"]),
        ([(100, 5), (100, 95)], ["right"]),
        ([(60, 5), (140, 5)], []),
    ],
)
def test_a_way_over_a_sloping_line(way: Way, directions: list[str]) -> None:
    assert counted(SLOPING, way) == directions


def test_the_other_way_round_the_line_swaps_its_sides() -> None:
    turned = Line("l1", ACROSS.end, ACROSS.start, ("up", "down"))
    assert counted(turned, steps(40, 60)) == ["down"]


def test_a_track_is_neither_armed_nor_counted_before_it_is_believed() -> None:
    assert counted(ACROSS, steps(40, 45, 55, 60), sure=2) == []
    assert counted(ACROSS, steps(40, 45, 48, 55, 60), sure=2) == ["down"]


def test_a_track_that_came_off_another_is_armed_as_that_was() -> None:
    counter = LineCounter(ACROSS, 200, 100)
    counter.crossings([Spot(1, (100, 40), 10, 20)])
    child = Spot(2, (100, 52), 10, 20, sure=False, parent=1)
    assert counter.crossings([Spot(1, (100, 45), 10, 25), child]) == []
    assert counter.crossings([Spot(1, (100, 48), 10, 28), Spot(2, (100, 58), 10, 26)]) == [(2, "down")]


def test_tracks_are_counted_apart_and_forgotten_when_they_end() -> None:
    counter = LineCounter(ACROSS, 200, 100)
    counter.crossings([Spot(1, (50, 40), 10, 20), Spot(2, (150, 60), 10, 20)])
    both = counter.crossings([Spot(1, (50, 60), 10, 40), Spot(2, (150, 40), 10, 40)])
    assert both == [(1, "down"), (2, "up")]
    counter.crossings([])
    assert counter.crossings([Spot(1, (50, 40), 10, 40)]) == []
