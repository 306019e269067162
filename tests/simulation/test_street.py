"""The stepped street: determinism, demand, distances, and truth against geometry."""

from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise

import pytest

from simulation.street import FAR, NEAR, Crossing, Street, Trip, trips
from simulation.vehicles import BODIES, LANES, Direction, Kind, Lane
from simulation.view import LINE_Y

HOUR = 3600.0


def crossings(street: Street, seconds: int, *, step: float = 1.0) -> list[Crossing]:
    return [found for number in range(round(seconds / step)) for found in street.advance((number + 1) * step)]


def test_one_seed_makes_one_street_however_it_is_stepped() -> None:
    stepped, leaping = Street(seed=7), Street(seed=7)
    assert crossings(stepped, 300, step=0.1) == leaping.advance(300.0)
    assert [trip for trip in stepped.present() if trip.leaves > 300] == leaping.present()


def test_another_seed_makes_another_street() -> None:
    assert Street(seed=7).advance(60.0) != Street(seed=8).advance(60.0)


def test_time_never_goes_back() -> None:
    street = Street(seed=7)
    street.advance(20.0)
    assert street.advance(10.0) == []
    assert street.advance(20.0) == []


def sighted(trip: Trip, *, step: float = 0.05) -> float:
    """Return when a trip passes the line, found by walking along its positions alone."""
    moments = [trip.enters + number * step for number in range(int((trip.leaves - trip.enters) / step) + 1)]
    for before, after in pairwise(moments):
        y, then = trip.position(before)[1] - LINE_Y, trip.position(after)[1] - LINE_Y
        if y * then <= 0 and y != then:
            return before + (after - before) * y / (y - then)
    pytest.fail(f"{trip} never passes the line")


def test_truth_equals_the_crossings_found_from_positions() -> None:
    street = Street(seed=3)
    found: set[Trip] = set(street.present())
    told = []
    for second in range(1, 121):
        told += street.advance(float(second))
        found.update(street.present())
    seen = [Crossing(sighted(trip), trip.kind, trip.direction) for trip in found]
    due = sorted((crossing for crossing in seen if 0 < crossing.time <= 120), key=lambda crossing: crossing.time)
    assert [(c.kind, c.direction) for c in told] == [(c.kind, c.direction) for c in due]
    assert [c.time for c in told] == pytest.approx([c.time for c in due], abs=1e-6)


@pytest.mark.parametrize("lane", LANES, ids=lambda lane: lane.name)
def test_in_is_towards_the_camera_and_out_is_away(lane: Lane) -> None:
    trip = next(trips(lane, seed=1))
    start, end = trip.position(trip.enters)[1], trip.position(trip.leaves)[1]
    expected = (FAR, NEAR) if lane.direction is Direction.IN else (NEAR, FAR)
    assert (start, end) == pytest.approx(expected)


@pytest.mark.parametrize("lane", LANES, ids=lambda lane: lane.name)
def test_nobody_comes_too_near_to_the_one_ahead(lane: Lane) -> None:
    for ahead, behind in pairwise(islice(trips(lane, seed=2), 400)):
        bodies = BODIES[ahead.kind], BODIES[behind.kind]
        apart = sum(body.length for body in bodies) / 2 + 1.0
        for moment in (behind.enters, ahead.leaves):
            if behind.enters <= ahead.leaves:
                assert abs(ahead.position(moment)[1] - behind.position(moment)[1]) >= apart


def test_demand_is_moderate_and_motorcycles_dominate() -> None:
    counts = Counter(crossing.kind for crossing in Street(seed=4).advance(HOUR))
    vehicles = counts.total() - counts[Kind.PEDESTRIAN]
    assert 1.5 <= HOUR / vehicles <= 2.0
    assert 0.55 <= counts[Kind.MOTORCYCLE] / vehicles <= 0.68
    assert 5.0 <= HOUR / counts[Kind.PEDESTRIAN] <= 7.5
    assert counts[Kind.LORRY] > 50


def test_the_street_lives_at_time_zero_and_forgets_who_left() -> None:
    street = Street(seed=5)
    assert len(street.present()) >= 4
    street.advance(HOUR)
    assert all(trip.leaves >= HOUR for trip in street.present())
