"""Tracks live through what happens to boxes on a street."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.vision.assignment import assign
from edge_agent.vision.blobs import Boxes
from edge_agent.vision.tracker import PATIENCE, VX, VY, H, Tracker, W, X, Y


def at(*places: tuple[float, float], wide: float = 30, high: float = 20) -> Boxes:
    """Return boxes of one size around these middles."""
    return np.array([(x - wide / 2, y - high / 2, wide, high) for x, y in places], np.float64).reshape(-1, 4)


def sure(tracker: Tracker) -> list[int]:
    return [int(number) for number in tracker.ids[tracker.sure]]


def drive(tracker: Tracker, *speeds: tuple[float, float], seconds: float = 1.0, fps: int = 10) -> float:
    """Drive vehicles from rows 100 pixels apart; return the time of the last picture."""
    for step in range(round(seconds * fps)):
        time = step / fps
        tracker.update(at(*((50 + vx * time, 50 + 100 * row + vy * time) for row, (vx, vy) in enumerate(speeds))), time)
    return time


def test_vehicles_keep_their_numbers_places_and_speeds() -> None:
    tracker = Tracker()
    last = drive(tracker, (80, 0), (0, 40))
    assert sure(tracker) == [1, 2]
    assert tracker.state[:, [X, Y]] == pytest.approx(np.array([[50 + 80 * last, 50], [50, 150 + 40 * last]]), abs=2)
    assert tracker.state[:, [VX, VY]] == pytest.approx(np.array([[80, 0], [0, 40]]), abs=8)


@pytest.mark.parametrize("fps", [5, 10, 25])
def test_the_pace_of_pictures_does_not_matter(fps: int) -> None:
    tracker = Tracker()
    drive(tracker, (60, 0), (-20, 10), seconds=2, fps=fps)
    assert sure(tracker) == [1, 2]


def test_one_sight_is_no_track() -> None:
    tracker = Tracker()
    tracker.update(at((50, 50)), 0.0)
    assert sure(tracker) == []
    for time in (0.1, 0.2, 0.3, 0.4):
        tracker.update(at(), time)
    assert len(tracker.ids) == 0


def test_a_short_loss_is_bridged_at_the_expected_place() -> None:
    tracker = Tracker()
    last = drive(tracker, (80, 0))
    for step in (1, 2, 3):
        tracker.update(at(), last + step / 10)
    tracker.update(at((50 + 80 * (last + 0.4), 50)), last + 0.4)
    assert sure(tracker) == [1]
    assert len(tracker.ids) == 1


def test_a_long_loss_ends_the_track() -> None:
    tracker = Tracker()
    last = drive(tracker, (80, 0))
    tracker.update(at(), last + PATIENCE + 0.1)
    assert len(tracker.ids) == 0


def test_fragments_are_one_vehicle() -> None:
    tracker = Tracker()
    last = drive(tracker, (20, 0))
    x = 50 + 20 * (last + 0.1)
    parts = np.array([(x - 15, 40, 24, 20), (x + 10, 42, 5, 6)], np.float64)
    tracker.update(parts, last + 0.1)
    assert len(tracker.ids) == 1
    assert tracker.state[0, [W, H]] == pytest.approx([30, 20], abs=1)


def test_vehicles_that_share_a_box_for_a_while_keep_their_numbers() -> None:
    """Two pass each other in opposite directions; while they overlap there is one box around both."""
    tracker = Tracker()
    for step in range(41):
        time = step / 10
        left, right = 40 + 40 * time, 200 - 40 * time
        if abs(right - left) > 32:
            tracker.update(at((left, 100), (right, 106)), time)
        else:
            low, high = min(left, right) - 15, max(left, right) + 15
            tracker.update(np.array([(low, 90, high - low, 26)]), time)
    places = dict(zip(tracker.ids.tolist(), tracker.state[:, X].tolist(), strict=True))
    assert places == pytest.approx({1: 200, 2: 40}, abs=6)


def test_nobody_jumps_to_the_middle_of_a_shared_box() -> None:
    tracker = Tracker()
    last = drive(tracker, (40, 0), (40, 0), seconds=1.5)
    for step in range(1, 6):
        x = 50 + 40 * (last + step / 10)
        tracker.update(np.array([(x - 15, 40, 30, 120)], np.float64), last + step / 10)
    assert tracker.ids.tolist() == [1, 2]
    assert tracker.state[:, Y] == pytest.approx(np.array([50, 150]), abs=4)


def test_what_leaves_a_shared_box_has_been_where_it_came_from() -> None:
    tracker = Tracker()
    for step in range(10):
        tracker.update(np.array([(40 + 2 * step, 40, 60, 30)], np.float64), step / 10)
    first = float(tracker.state[0, X])
    tracker.update(np.array([(60, 40, 36, 30), (97, 42, 22, 26)], np.float64), 1.0)
    assert tracker.parents == {2: 1}
    assert first > tracker.state[1, 6] == 70
    assert sure(tracker) == [1]


def test_no_tracks_and_no_boxes_are_nothing_to_assign() -> None:
    nothing = np.empty((0, 4))
    assert assign(nothing, np.empty(0), at((5, 5))).owner.tolist() == [-1]
    assert assign(at((5, 5)), np.array([9.0]), nothing).owner.tolist() == []


def test_the_nearest_box_is_taken_first() -> None:
    given = assign(at((50, 50), (80, 50)), np.array([30.0, 30.0]), at((79, 50), (52, 51)))
    assert given.owner.tolist() == [1, 0]


def test_a_box_out_of_reach_is_a_new_vehicle() -> None:
    given = assign(at((50, 50)), np.array([25.0]), at((120, 50)))
    assert (given.owner.tolist(), given.parent.tolist()) == ([-1], [-1])
