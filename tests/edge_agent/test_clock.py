"""Stamping: from the wall clock only where it can be trusted, by monotonic time always."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock import Clock, OnceVouched, Stamp, boot_id
from service.wall_clock import FLOOR_MS
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement

_TIMES = st.integers(0, 10**16)


def test_a_reading_taken_before_the_stamp_is_dated_before_it():
    assert Stamp(FLOOR_MS, 5_000_000_000).milliseconds(2_500_000_000) == FLOOR_MS - 2_500


def test_the_moment_of_the_stamp_is_the_wall_clock_itself():
    assert Stamp(FLOOR_MS, 5_000_000_000).milliseconds(5_000_000_000) == FLOOR_MS


@given(first=_TIMES, second=_TIMES)
def test_stamps_keep_the_order_and_the_spacing_of_monotonic_time(first: int, second: int):
    stamp = Stamp(FLOOR_MS, 10**15)
    told, true = stamp.milliseconds(second) - stamp.milliseconds(first), (second - first) / 1e6
    assert abs(told - true) <= 1


def test_a_clock_that_was_never_set_gives_no_stamp():
    for wall_ms in (0, 1_700_000_000_000, FLOOR_MS - 1):
        assert Clock(lambda ms=wall_ms: ms * 10**6, lambda: 7, lambda: True).stamp() is None


def test_a_clock_that_was_set_gives_both_times():
    assert Clock(lambda: FLOOR_MS * 10**6 + 999_999, lambda: 7, lambda: True).stamp() == Stamp(FLOOR_MS, 7)


def test_a_clock_that_nobody_vouches_for_gives_no_stamp_until_patience_ends_and_then_a_marked_one():
    monotonic = [0]
    clock = Clock(lambda: FLOOR_MS * 10**6, lambda: monotonic[0], lambda: False, patience_ns=100)
    assert clock.stamp() is None
    monotonic[0] = 99
    assert clock.stamp() is None
    monotonic[0] = 100
    assert clock.stamp() == Stamp(FLOOR_MS, 100, Quality.TIME_ESTIMATED)


def test_a_clock_that_was_vouched_for_once_stays_so():
    """The kernel gives up its word after hours without NTP; by then the clock is seconds off, not days."""
    said = iter([False, True, False, False])
    vouched = OnceVouched(known=False, ask=lambda: next(said))
    assert [vouched(), vouched(), vouched(), vouched()] == [False, True, True, True]
    assert OnceVouched(known=True, ask=lambda: False)()


def test_an_estimated_stamp_marks_what_it_dates_and_keeps_other_marks():
    said = Measurement(Family.AIR, {"pm2_5": 1.5}, quality=Quality.STUCK)
    assert Stamp(FLOOR_MS, 0).marked(said) is said
    assert Stamp(FLOOR_MS, 0, Quality.TIME_ESTIMATED).marked(said).quality == Quality.STUCK | Quality.TIME_ESTIMATED


def test_the_boot_id_is_the_kernels_and_stays_the_same():
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", boot_id())
    assert boot_id() == boot_id()
