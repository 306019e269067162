"""Samples of a radar become crossings and minutes; repeated cards become one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from edge_agent.errors import SourceLost
from edge_agent.sources.source import Vitals
from edge_agent.stages.passes import Passes, percentile
from edge_agent.stages.repeats import Repeats
from edge_agent.stages.stage import Staged
from edge_agent.taken import Taken
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement

SECOND = 10**9


def sample(at: float, speed: float = 0.0, direction: str = "in") -> Taken:
    labels = {"direction": direction} if speed else {}
    return Taken("radar", Measurement(Family.CROSSING, {"speed": speed}, labels), round(at * SECOND))


def vehicle(begins: float, speed: float, *, direction: str = "in", samples: int = 12) -> list[Taken]:
    """Return a pass as a radar at the side sees it: slower at the ends, for the angle."""
    shape = [1 - 0.2 * abs(2 * n / (samples - 1) - 1) ** 2 for n in range(samples)]
    return [sample(begins + n / 10, speed * share, direction) for n, share in enumerate(shape)]


def street(seconds: int, *passes: list[Taken]) -> list[Taken]:
    """Return all samples of a radar that says 0 ten times a second while nothing moves."""
    busy = {round(taken.at / SECOND * 10) for each in passes for taken in each}
    still = [sample(n / 10) for n in range(10 * seconds + 1) if n not in busy]
    return sorted([*still, *(taken for each in passes for taken in each)], key=lambda taken: taken.at)


def heard(samples: list[Taken]) -> tuple[list[Taken], list[Taken]]:
    passes = Passes(wall=lambda: 0)
    said = [made for taken in samples for made in passes.take(taken)]
    said += passes.finish("radar", samples[-1].at)
    crossings = [each for each in said if each.measurement.family is Family.CROSSING]
    return crossings, [each for each in said if each.measurement.family is Family.TRAFFIC]


def test_each_vehicle_is_one_crossing_with_its_speed_and_direction() -> None:
    crossings, _ = heard(street(30, vehicle(2, 40), vehicle(10, 62, direction="out"), vehicle(20, 25)))
    assert [(c.measurement.values["speed"], c.measurement.labels["direction"]) for c in crossings] == [
        (pytest.approx(40, rel=0.02), "in"), (pytest.approx(62, rel=0.02), "out"), (pytest.approx(25, rel=0.02), "in"),
    ]  # fmt: skip
    assert {c.measurement.values["count"] for c in crossings} == {1}
    assert crossings[0].at == round(3.1 * SECOND)


def test_a_minute_tells_counts_and_speeds_and_zero_where_nothing_came() -> None:
    speeds = [30, 35, 40, 45, 50]
    passes = [vehicle(5 + 10 * n, speed) for n, speed in enumerate(speeds)]
    _, traffic = heard(street(121, *passes))
    whole = [each.measurement for each in traffic if each.measurement.quality is Quality.GOOD]
    told = [(m.labels["direction"], m.values["count"]) for m in whole]
    assert told == [("in", 5), ("out", 0), ("in", 0), ("out", 0)]
    assert whole[0].values["speed_p50"] == pytest.approx(40, rel=0.02)
    assert whole[0].values["speed_p85"] == pytest.approx(47, rel=0.02)
    assert whole[0].values["speed_mean"] == pytest.approx(40, rel=0.02)
    assert whole[0].values["observed"] == pytest.approx(60, abs=0.2)
    assert "speed_mean" not in whole[1].values


def test_a_minute_in_which_the_radar_was_silent_is_not_told_as_empty() -> None:
    samples = [taken for taken in street(181) if not 60 <= taken.at / SECOND <= 120]
    _, traffic = heard(samples)
    assert [each.at // (60 * SECOND) for each in traffic if each.measurement.quality is Quality.GOOD] == [0, 0, 2, 2]


def test_flickers_leaves_and_walkers_are_no_vehicles() -> None:
    walker = [sample(10 + n / 10, 4.5) for n in range(30)]
    crossings, _ = heard(street(30, vehicle(2, 40, samples=2), walker))
    assert crossings == []


def test_a_vehicle_that_is_lost_for_a_moment_is_one_and_two_of_other_speeds_are_two() -> None:
    whole = vehicle(5, 50, samples=20)
    crossings, _ = heard(street(20, whole[:8] + whole[12:]))
    assert len(crossings) == 1
    crossings, _ = heard(street(20, [*vehicle(5, 30, samples=10), *vehicle(6.0, 70, samples=10)]))
    assert len(crossings) == 2


def test_opposite_vehicles_at_the_same_time_are_two() -> None:
    both = [taken for pair in zip(vehicle(5, 40), vehicle(5.05, 45, direction="out"), strict=True) for taken in pair]
    crossings, _ = heard(street(20, both))
    assert sorted(c.measurement.labels["direction"] for c in crossings) == ["in", "out"]


def test_a_target_that_stays_is_bounded() -> None:
    passes = Passes(wall=lambda: 0)
    for n in range(6000):
        list(passes.take(sample(n / 100, 20)))
    assert len(passes._open["in"].speeds) == 4096


@pytest.mark.parametrize(("share", "value"), [(0, 1.0), (50, 2.5), (100, 4.0), (85, 3.55)])
def test_percentiles_lie_between_two_values_in_proportion(share: float, value: float) -> None:
    assert percentile([4, 1, 3, 2], share) == pytest.approx(value)


def card(person: int, at: float) -> Taken:
    return Taken("gate", Measurement(Family.ATTENDANCE, {"count": 1, "person": person}), round(at * SECOND))


def test_a_card_that_is_held_is_told_once_and_again_when_it_comes_back() -> None:
    repeats = Repeats()
    held = [card(7, n / 20) for n in range(100)] + [card(8, 5.2), card(7, 5.3), card(7, 9.0)]
    assert [(t.measurement.values["person"], t.at / SECOND) for taken in held for t in repeats.take(taken)] == [
        (7, 0), (8, 5.2), (7, 9.0),
    ]  # fmt: skip
    for person in range(1000):
        list(repeats.take(card(person, 20)))
    assert len(repeats._last) <= 64


class Scripted:
    """A source that says samples and is lost, or ends."""

    def __init__(self, samples: list[Taken], lost: list[bool]) -> None:
        self.vitals = Vitals("radar")
        self._samples, self._lost = samples, lost

    async def __aenter__(self) -> Scripted:
        return self

    async def __aexit__(self, *exception: object) -> None:
        pass

    def end(self) -> None:
        pass

    async def readings(self) -> AsyncGenerator[Taken, None]:
        for taken in self._samples:
            yield taken
        if self._lost.pop(0):
            raise SourceLost("gone")


@pytest.mark.parametrize("lost", [False, True])
def test_what_was_begun_is_told_when_the_radar_ends_or_is_lost(lost: bool) -> None:
    async def run() -> list[Family]:
        source = Staged(Scripted(street(8, vehicle(6.8, 40)), [lost, False]), [Passes(wall=lambda: 0)])
        said = []
        for _ in range(2 if lost else 1):
            try:
                said += [taken.measurement.family async for taken in source.readings()]
            except SourceLost:
                continue
        return said[:3]

    assert asyncio.run(run()) == [Family.CROSSING, Family.TRAFFIC, Family.TRAFFIC]
