"""The meter lets the backlog through at its rate, however its batches are sized."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.delivery.metering import Meter

_sizes = st.lists(st.integers(1, 50_000), min_size=1, max_size=30)


@settings(max_examples=100, deadline=None)
@given(st.floats(10, 1e6), _sizes, st.floats(0, 100))
def test_what_is_sent_as_soon_as_it_may_be_keeps_the_rate_exactly(rate: float, sizes: list[int], begin: float):
    meter, now = Meter(rate), begin
    for size in sizes:
        now = max(now, meter.ready_at())
        meter.spend(size, now)
    expected = begin + sum(sizes) / rate
    assert abs(meter.ready_at() - expected) <= 1e-6 * expected


@settings(max_examples=100, deadline=None)
@given(st.floats(10, 1e6), _sizes, st.data())
def test_a_pause_saves_nothing_up_and_haste_is_paid_back(rate: float, sizes: list[int], data: st.DataObject):
    meter, now, owed = Meter(rate), 0.0, 0.0
    for size in sizes:
        pause = data.draw(st.floats(0, 1000))
        now, owed = now + pause, max(0.0, owed - pause)
        meter.spend(size, now)
        owed += size / rate
        assert abs(meter.ready_at() - (now + owed)) <= 1e-6 * (now + owed)


def test_without_a_rate_everything_may_be_sent_at_once():
    meter = Meter(0)
    meter.spend(10**9, 5.0)
    assert meter.ready_at() == 0.0
