"""New edges come from vehicles, not from light, ghosts or noise."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.vision.blobs import Boxes, boxes
from edge_agent.vision.foreground import Foreground
from tests.support.video import BODY, Image, Street, Trip


def run(foreground: Foreground, pictures: list[Image], *, since: float = 0.0) -> Boxes:
    """Show pictures ten times a second; return the boxes of the last one."""
    found = boxes(foreground.apply(pictures[0], since))
    for number, picture in enumerate(pictures[1:], start=1):
        found = boxes(foreground.apply(picture, since + number / 10))
    return found


def empty(seconds: float) -> list[Image]:
    return list(Street([]).pictures(seconds, 10))


def test_a_vehicle_becomes_one_box_of_its_size() -> None:
    foreground = Foreground()
    run(foreground, empty(4))
    found = run(foreground, [Street([Trip(160, 120, 0)]).picture(0)], since=4)
    assert len(found) == 1
    left, top, wide, high = found[0]
    assert (left + wide / 2, top + high / 2) == pytest.approx((160, 120), abs=3)
    assert (wide, high) == pytest.approx(BODY, abs=8)


def test_an_empty_street_has_no_boxes_whatever_its_noise() -> None:
    assert len(run(Foreground(), empty(6))) == 0


def test_a_vehicle_of_the_first_picture_leaves_no_ghost() -> None:
    foreground = Foreground()
    start = [Street([Trip(160, 120, 0)]).picture(0)]
    assert len(run(foreground, start + empty(2))) == 0


@pytest.mark.parametrize("factor", [0.6, 0.8, 1.2])
def test_a_change_of_exposure_is_no_vehicle(factor: float) -> None:
    foreground = Foreground()
    run(foreground, empty(4))
    changed = [np.clip(picture * factor, 0, 255).astype(np.uint8) for picture in empty(1)]
    assert len(run(foreground, changed, since=4)) == 0


def test_white_marks_that_grow_brighter_are_no_vehicles() -> None:
    marked = np.full((240, 320), 60, np.uint8)
    for left in range(10, 310, 24):
        marked[100:140, left : left + 5] = 200
    foreground = Foreground()
    run(foreground, [marked] * 40)
    assert len(run(foreground, [np.clip(marked * 1.23, 0, 255).astype(np.uint8)] * 3, since=4)) == 0


def test_vehicles_stay_apart_when_the_exposure_drops() -> None:
    foreground, street = Foreground(), Street([Trip(80, 120, 0), Trip(240, 120, 0)])
    run(foreground, empty(4))
    dim = [(picture * 0.6).astype(np.uint8) for picture in street.pictures(1, 10)]
    assert len(run(foreground, dim, since=4)) == 2


def test_slow_light_is_followed() -> None:
    foreground = Foreground()
    dusk = [np.clip(picture * (1 - 0.4 * n / 300), 0, 255).astype(np.uint8) for n, picture in enumerate(empty(30))]
    assert len(run(foreground, dusk)) == 0


def test_a_pool_of_light_is_no_vehicle() -> None:
    foreground = Foreground()
    run(foreground, empty(4))
    rows, columns = np.mgrid[0:240, 0:320]
    pool = 80 * np.exp(-(((rows - 120) / 50) ** 2) - ((columns - 160) / 35) ** 2)
    lit = [np.clip(picture + pool, 0, 255).astype(np.uint8) for picture in empty(1)]
    assert len(run(foreground, lit, since=4)) == 0


def test_a_queue_that_stands_for_half_a_minute_does_not_melt() -> None:
    foreground = Foreground()
    run(foreground, empty(4))
    queue = list(Street([Trip(80, 120, 0), Trip(160, 120, 0), Trip(240, 120, 0)]).pictures(30, 10))
    assert len(run(foreground, queue, since=4)) == 3


def test_another_view_is_learned_at_once() -> None:
    foreground = Foreground()
    run(foreground, empty(4))
    other = np.random.default_rng(5).integers(0, 255, (240, 320)).astype(np.uint8)
    assert len(run(foreground, [other] * 10, since=4)) == 0


def test_another_size_starts_anew() -> None:
    foreground = Foreground()
    run(foreground, empty(1))
    assert len(run(foreground, [np.zeros((180, 320), np.uint8)] * 2, since=1)) == 0
