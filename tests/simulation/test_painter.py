"""Pictures of the street: right size, repeatable, and true to where everyone is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.bodies import apparent_widths
from simulation.render import Painter, jpeg
from simulation.street import FAR, NEAR, Street, Trip
from simulation.vehicles import BODIES, Direction, Kind
from simulation.view import HEIGHT, STREET_VIEW, WIDTH


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter(seed=1)


def standing(kind: Kind, x: float, y: float, *, direction: Direction = Direction.IN) -> Trip:
    """Return a trip that is at y metres at time 0."""
    gone = FAR - y if direction is Direction.IN else y - NEAR
    return Trip(kind, direction, x, enters=-gone, speed=1.0, look=0)


def changed(painter: Painter, trip: Trip) -> NDArray[np.bool_]:
    empty, full = painter.frame([], 0.0, "clock"), painter.frame([trip], 0.0, "clock")
    different: NDArray[np.bool_] = np.any(empty != full, axis=2)
    return different


def test_a_frame_is_a_colour_picture_of_640_by_360(painter: Painter) -> None:
    frame = painter.frame(Street(seed=1).present(), 0.0, "2025-11-22 07:00:00 WIB")
    assert frame.shape == (HEIGHT, WIDTH, 3) == (360, 640, 3)
    assert frame.dtype == np.uint8
    assert 60 < frame.mean() < 180
    assert frame.std() > 20


def test_the_same_seed_and_time_make_the_same_picture(painter: Painter) -> None:
    pictures = []
    for maker in (painter, Painter(seed=1)):
        street = Street(seed=1)
        street.advance(12.3)
        pictures.append(maker.frame(street.present(), 12.3, "clock"))
    np.testing.assert_array_equal(pictures[0], pictures[1])


def test_noise_differs_from_frame_to_frame_but_stays_small(painter: Painter) -> None:
    first, second = (painter.frame([], time, "clock").astype(int) for time in (0.0, 0.1))
    difference = first - second
    assert 1.0 < difference.std() < 6.0
    assert abs(difference.mean()) < 0.5


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("kind", Kind)
def test_everyone_is_painted_around_the_place_where_truth_has_them(
    painter: Painter, kind: Kind, direction: Direction
) -> None:
    trip, body = standing(kind, 4.7, 15.0, direction=direction), BODIES[kind]
    x, y = trip.position(0.0)
    rows, columns = np.nonzero(changed(painter, trip))
    nearest = STREET_VIEW.pixels(np.array([x, y - body.length / 2, 0.0]))
    farthest = STREET_VIEW.pixels(np.array([x, y + body.length / 2, body.height]))
    assert rows.max() == pytest.approx(nearest[1], abs=8)
    assert rows.min() >= farthest[1] - 10
    assert columns.min() < STREET_VIEW.pixels(np.array([x, y, 0.0]))[0] < columns.max()


def test_the_nearer_hides_the_farther(painter: Painter) -> None:
    lorry, pedestrian = standing(Kind.LORRY, 4.7, 14.0), standing(Kind.PEDESTRIAN, 4.7, 19.0)
    alone, both = (painter.frame(trips, 0.0, "clock") for trips in ([lorry], [pedestrian, lorry]))
    np.testing.assert_allclose(both.astype(int), alone.astype(int), atol=8)
    assert changed(painter, pedestrian).any()


def test_kinds_of_vehicle_differ_in_apparent_width() -> None:
    widths = apparent_widths()
    assert widths[Kind.MOTORCYCLE][1] < widths[Kind.CAR][0]
    assert widths[Kind.CAR][1] < widths[Kind.LORRY][0]
    assert all(low >= BODIES[kind].width for kind, (low, _) in widths.items())


def test_a_jpeg_decodes_to_nearly_the_same_picture(painter: Painter) -> None:
    frame = painter.frame(Street(seed=1).present(), 0.0, "clock")
    coded = jpeg(frame)
    decoded = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == frame.shape
    assert np.abs(decoded.astype(int) - frame).mean() < 5
    assert len(coded) < 100_000
