"""One-minute totals: zeros, partial minutes, blind minutes, boundaries of the wall clock."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_agent.vision.interval import SECOND, Intervals, Movement, Total

IN, OUT = Movement("l1", "in", "car"), Movement("l1", "out", "car")


class Wall:
    """A wall clock that is so many seconds ahead of the monotonic one."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead

    def __call__(self) -> int:
        return round(self.ahead * SECOND)


def watch(intervals: Intervals, since: float, until: float, *, step: float = 0.1) -> list[Total]:
    """See everything from one second to another."""
    totals, time = [], since
    while time < until - 1e-9:
        totals += intervals.saw(round(time * SECOND), round(min(time + step, until) * SECOND))
        time += step
    return totals


def machine(ahead: float = 0.0, length: float = 60.0) -> Intervals:
    return Intervals([IN, OUT], length, Wall(ahead))


def test_a_whole_minute_says_counts_and_zeros() -> None:
    intervals = machine()
    assert watch(intervals, 0, 30) == []
    intervals.count(IN)
    intervals.count(IN)
    (total,) = watch(intervals, 30, 61)
    assert total == Total(0, 60 * SECOND, {IN: 2, OUT: 0}, 60.0, whole=True)
    assert total.middle == 30 * SECOND


def test_minutes_are_those_of_the_wall_clock() -> None:
    totals = watch(machine(ahead=1_700_000_017.5), 100, 230)
    ends = [total.at / SECOND for total in totals]
    assert [(end + 1_700_000_017.5) % 60 for end in ends] == [0, 0]
    assert [total.whole for total in totals] == [False, True]


def test_a_picture_gap_over_the_boundary_is_shared() -> None:
    intervals = machine()
    watch(intervals, 0, 59.8)
    (first,) = intervals.saw(round(59.8 * SECOND), round(60.3 * SECOND))
    assert first.observed == 60
    (second,) = watch(intervals, 60.3, 120.1)
    assert second.observed == pytest.approx(60)


def test_a_count_belongs_to_the_minute_in_which_it_was_seen() -> None:
    intervals = machine()
    watch(intervals, 0, 59.9)
    (first,) = watch(intervals, 59.9, 60.0)
    intervals.count(OUT)
    (second,) = watch(intervals, 60.0, 120.0)
    assert (first.counts[OUT], second.counts[OUT]) == (0, 1)


def test_a_minute_begun_late_is_partial() -> None:
    (total,) = watch(machine(ahead=20), 0, 41)
    assert (total.observed, total.whole) == (pytest.approx(40), False)


def test_a_minute_with_a_blind_stretch_is_partial() -> None:
    intervals = machine()
    watch(intervals, 0, 20)
    intervals.advance(30 * SECOND)
    (total,) = watch(intervals, 30, 61)
    assert (total.observed, total.whole) == (pytest.approx(50), False)


def test_blind_minutes_say_nothing() -> None:
    intervals = machine()
    watch(intervals, 0, 61)
    totals = [total for second in range(62, 600) for total in intervals.advance(second * SECOND)]
    assert [total.at // SECOND for total in totals] == [120]
    assert totals[0].observed == pytest.approx(1)


def test_less_than_a_second_says_nothing_unless_something_was_counted() -> None:
    intervals = machine()
    watch(intervals, 0, 0.9)
    assert intervals.finish(2 * SECOND) == []
    watch(intervals, 2, 2.9)
    intervals.count(IN)
    (total,) = intervals.finish(3 * SECOND)
    assert total.counts == {IN: 1, OUT: 0}


def test_the_end_flushes_a_partial_minute_once() -> None:
    intervals = machine()
    watch(intervals, 0, 25)
    (total,) = intervals.finish(25 * SECOND)
    assert (total.at, total.observed, total.whole) == (25 * SECOND, pytest.approx(25), False)
    assert intervals.finish(26 * SECOND) == []


def test_a_wall_clock_that_was_set_shortens_a_minute_and_marks_it() -> None:
    wall = Wall()
    intervals = Intervals([IN], 60, wall)
    first = watch(intervals, 0, 30)
    wall.ahead = 1000.0
    totals = first + watch(intervals, 30, 145)
    assert [(total.at // SECOND, total.whole) for total in totals] == [(60, True), (80, False), (140, True)]


def test_a_wall_clock_that_is_slewed_makes_no_slivers() -> None:
    wall = Wall()
    intervals = Intervals([IN], 60, wall)
    totals = watch(intervals, 0, 59)
    for ahead in (-0.003, 0.004, -0.2, 0.3):
        wall.ahead = ahead
        boundary = 60 * len(totals) + 60
        totals += watch(intervals, boundary - 1, boundary + 0.5, step=0.0005)
        intervals.count(IN)
        totals += watch(intervals, boundary + 0.5, boundary + 59)
    assert [(round(total.at / SECOND / 60), total.whole) for total in totals] == [(n, True) for n in (1, 2, 3, 4)]


@example(ahead=0, steps=[(1, False, 0), (29, True, 1)])
@given(
    ahead=st.floats(0, 1e6),
    steps=st.lists(st.tuples(st.floats(0.01, 40), st.booleans(), st.integers(0, 2)), max_size=60),
)
def test_no_count_is_lost_and_no_second_seen_twice(ahead: float, steps: list[tuple[float, bool, int]]) -> None:
    intervals, now, counted, seen, totals = machine(ahead, 30), 0, 0, 0.0, []
    for step, sighted, crossings in steps:
        later = now + round(step * SECOND)
        totals += intervals.saw(now, later) if sighted else intervals.advance(later)
        seen += (later - now) / SECOND if sighted else 0
        now = later
        for _ in range(crossings):
            intervals.count(IN)
            counted += 1
    totals += intervals.finish(now)
    assert sum(total.counts[IN] for total in totals) == counted
    assert sum(total.observed for total in totals) <= seen + 1e-6
    assert all(total.observed <= 30 for total in totals)
    assert all(one.middle < next_one.middle for one, next_one in pairwise(totals))
