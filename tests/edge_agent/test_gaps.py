"""Known holes: what a loss leaves behind is exact."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.delivery.gaps import Cause, Gap, contents, lost, merged, summarise
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
    assert summarise([body], Cause.REFUSED) == [
        Gap("dust", Cause.REFUSED, 7, 11, 2),
        Gap("co2", Cause.REFUSED, 3, 3, 1),
    ]


def test_a_counted_line_with_labels_is_summed_up_too():
    car = Measurement(Family.CROSSING, {"count": 1}, {"line": "l1", "direction": "in", "class": "car"})
    assert summarise([_line(car, "cam", 5)], Cause.REFUSED) == [Gap("cam", Cause.REFUSED, 5, 5, 1)]


def test_a_refused_gap_reading_opens_no_further_gap():
    gap = Gap("dust", Cause.DROPPED, 1, 9, 9).measurement()
    assert summarise([_line(gap, "dust", 10)], Cause.REFUSED) == []


def test_a_lost_batch_leaves_its_own_numbers_and_the_gaps_that_it_told():
    told = Gap("dust", Cause.REFUSED, 3, 8, 4)
    kept = contents({"dust": 10, "rare": 4}, {"dust": 12, "rare": 4, "co2": 1}, [("dust", told.measurement())])
    assert lost(kept, Cause.DAMAGED) == [
        Gap("dust", Cause.DAMAGED, 10, 11, 2),
        Gap("co2", Cause.DAMAGED, 0, 0, 1),
        told,
    ]


def test_contents_that_are_damaged_leave_nothing():
    for kept in (b"", b"\xff\xfe", b"[]", b'{"own": [["dust"]], "told": []}', b'{"own": 3}'):
        assert lost(kept, Cause.DROPPED) == []


@given(st.lists(_GAPS, max_size=20))
def test_merging_keeps_every_count_and_every_end(gaps: list[Gap]):
    whole = merged(gaps)
    assert len({(g.sensor, g.cause) for g in whole}) == len(whole)
    for g in whole:
        parts = [p for p in gaps if (p.sensor, p.cause) == (g.sensor, g.cause)]
        assert g.count == sum(p.count for p in parts)
        assert (g.first, g.last) == (min(p.first for p in parts), max(p.last for p in parts))
    assert sum(g.count for g in whole) == sum(g.count for g in gaps)
