"""What the watcher sees depends on the pictures alone."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.vision.interval import SECOND
from edge_agent.vision.settings import Line
from edge_agent.vision.watcher import Watcher
from tests.support.video import Street, Trip

LINE = Line("l1", (0, 0.5), (1, 0.5), ("down", "up"))
TRIPS = [Trip(50, -40, 60), Trip(120, 280, -60)]
FPS = 25
"""Five pictures are 0.2 s, to the nanosecond: the tick in which the street is learnt and the age of a sure track."""
STREET = Street(TRIPS)
PICTURES = [STREET.picture(number / FPS) for number in range(5 * FPS)]


def watched(begun: int) -> tuple[list[float], list[list[float]], list[int]]:
    """Return when something crossed, all tracks and how many boxes there were, with a clock that stood at `begun`."""
    watcher = Watcher([LINE])
    crossed: list[float] = []
    tracks: list[list[float]] = []
    found: list[int] = []
    for number, picture in enumerate(PICTURES):
        seen = watcher.see(picture, begun + number * SECOND // FPS)
        crossed += [seen.time for _ in seen.crossings]
        tracks += watcher.tracker.state.tolist()
        found.append(len(seen.boxes))
    return crossed, tracks, found


@pytest.mark.parametrize("begun", [1, 3_600 * SECOND + 123_456_789, 86_400_123 * SECOND + 987_654_321])
def test_the_same_pictures_are_seen_the_same_however_long_the_clock_has_run(begun: int) -> None:
    crossed, tracks, found = watched(0)
    assert len(crossed) == 2
    assert watched(begun) == (crossed, tracks, found)


def test_a_picture_of_another_size_starts_anew_and_time_goes_on() -> None:
    watcher = Watcher([LINE])
    watcher.see(PICTURES[0], 7 * SECOND)
    seen = watcher.see(np.zeros((360, 640), np.uint8), 9 * SECOND)
    assert seen.time == 2.0
    assert not len(watcher.tracker.state)
