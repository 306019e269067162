"""Known holes: what a loss leaves behind is exact."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.delivery.gaps import Cause, Gap, merged, numbered, told
from telemetry.line import format_line
from telemetry.quantity import Family
from telemetry.reading import Measurement, Reading
from tests.support.spooling import PLACE

_GAPS = st.builds(
    Gap,
    sensor=st.sampled_from(["dust", "co2"]),
    cause=st.sampled_from(Cause),
    first=st.integers(0, 50),
    last=st.integers(51, 99),
    count=st.integers(1, 50),
)


def _line(measurement: Measurement, sensor: str, seq: int) -> bytes:
    return format_line(PLACE, Reading(sensor, measurement, 1_770_000_000_000, seq)).encode() + b"\n"


def test_lines_are_summed_up_by_sensor():
    air = Measurement(Family.AIR, {"pm2_5": 1.5})
    body = _line(air, "dust", 7) + _line(air, "co2", 3) + _line(air, "dust", 11)
    assert numbered(body, Cause.REFUSED) == [
        Gap("dust", Cause.REFUSED, 7, 11, 2),
        Gap("co2", Cause.REFUSED, 3, 3, 1),
    ]


def test_a_counted_line_with_labels_is_summed_up_too():
    car = Measurement(Family.CROSSING, {"count": 1}, {"line": "l1", "direction": "in", "class": "car"})
    assert numbered(_line(car, "cam", 5), Cause.REFUSED) == [Gap("cam", Cause.REFUSED, 5, 5, 1)]


def test_a_gap_reading_is_told_again_as_it_was():
    gap = Gap("dust", Cause.DROPPED, 1, 9, 8)
    body = _line(gap.measurement(), "dust", 10) + _line(Measurement(Family.AIR, {"pm10": 2}), "dust", 11)
    assert told(body) == [gap]
    assert numbered(body, Cause.DAMAGED) == [Gap("dust", Cause.DAMAGED, 10, 11, 2)]


@given(_GAPS)
def test_a_gap_is_kept_as_a_row(gap: Gap):
    assert Gap.of_row(gap.row()) == gap


@given(st.lists(_GAPS, max_size=20))
def test_merging_keeps_every_count_and_every_end(gaps: list[Gap]):
    whole = merged(gaps)
    assert len({(g.sensor, g.cause) for g in whole}) == len(whole)
    for g in whole:
        parts = [p for p in gaps if (p.sensor, p.cause) == (g.sensor, g.cause)]
        assert g.count == sum(p.count for p in parts)
        assert (g.first, g.last) == (min(p.first for p in parts), max(p.last for p in parts))
    assert sum(g.count for g in whole) == sum(g.count for g in gaps)
