"""A reading is checked when it is made; what could not be stored cannot be made."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from math import inf, nan

import pytest
from hypothesis import given

from telemetry.catalogue import BY_FAMILY
from telemetry.errors import BadName, BadReading
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement, Place, Reading
from tests.support.lines import PROPERTY, measurements

DUST = Measurement(Family.AIR, {"pm10": 20.1})
LAST_TIME = 2**63 // 10**6 - 1


@pytest.mark.parametrize(
    ("family", "values", "labels", "why"),
    [
        (Family.AIR, {}, {}, "at least one value"),
        (Family.AIR, {"pm3": 1.0}, {}, "no quantity 'pm3'"),
        (Family.AIR, {"count": 1}, {}, "no quantity 'count'"),
        (Family.AIR, {"quality": 0}, {}, "no quantity 'quality'"),
        (Family.AIR, {"seq": 0}, {}, "no quantity 'seq'"),
        (Family.AIR, {"pm10": nan}, {}, "not a number"),
        (Family.AIR, {"pm10": inf}, {}, "not a number"),
        (Family.AIR, {"pm10": -inf}, {}, "not a number"),
        (Family.AIR, {"pm10": 1e15}, {}, "not a number"),
        (Family.AIR, {"pm10": -1e15}, {}, "not a number"),
        (Family.AIR, {"pm10": 10**400}, {}, "not a number"),
        (Family.AIR, {"pm10": 1.0, "pm2_5": nan}, {}, "pm2_5=nan"),
        (Family.TRAFFIC, {"count": 1.5}, {}, "whole number"),
        (Family.TRAFFIC, {"count": nan}, {}, "not a number"),
        (Family.TRAFFIC, {"count": 10**15}, {}, "not a number"),
        (Family.AIR, {"pm10": 1.0}, {"line": "l1"}, "no label 'line'; it has none"),
        (Family.TRAFFIC, {"count": 1}, {"site": "x"}, "no label 'site'"),
        (Family.TRAFFIC, {"count": 1}, {"line": "L1"}, "not a name"),
        (Family.TRAFFIC, {"count": 1}, {"line": ""}, "not a name"),
        (Family.TRAFFIC, {"count": 1}, {"line": "l1,class=car"}, "not a name"),
        (Family.TRAFFIC, {"count": 1}, {"line": "l1 count=9i"}, "not a name"),
        (Family.TRAFFIC, {"count": 1}, {"line": "l1\n"}, "not a name"),
    ],
)
def test_what_contradicts_its_family_is_refused(
    family: Family, values: dict[str, float], labels: dict[str, str], why: str
) -> None:
    with pytest.raises(BadReading, match=why):
        Measurement(family, values, labels)


@pytest.mark.parametrize("time", [-1, LAST_TIME + 1, 10**13, 10**18])
def test_times_that_no_row_key_holds_are_refused(time: int) -> None:
    with pytest.raises(BadReading, match="time"):
        Reading("dust", DUST, time, 0)


@pytest.mark.parametrize("seq", [-1, 10**18])
def test_sequence_numbers_that_no_field_holds_are_refused(seq: int) -> None:
    with pytest.raises(BadReading, match="sequence"):
        Reading("dust", DUST, 0, seq)


def test_a_sensor_needs_a_name() -> None:
    with pytest.raises(BadName):
        Reading("Dust 1", DUST, 0, 0)


def test_the_ends_of_the_allowed_ranges_are_allowed() -> None:
    assert Reading("d", DUST, 0, 0).time == 0
    assert Reading("d", DUST, LAST_TIME, 10**18 - 1).time == LAST_TIME


@pytest.mark.parametrize(
    ("value", "quality"),
    [(0, Quality.GOOD), (2000, Quality.GOOD), (-0.1, Quality.OUT_OF_RANGE), (2000.1, Quality.OUT_OF_RANGE)],
)
def test_a_value_beyond_belief_is_kept_and_marked(value: float, quality: Quality) -> None:
    measured = Measurement(Family.AIR, {"pm2_5": 10.0, "pm10": value})
    assert measured.values["pm10"] == value
    assert measured.quality is quality


def test_the_mark_is_added_to_the_bits_that_were_set() -> None:
    measured = Measurement(Family.AIR, {"pm10": 99_999}, quality=Quality.WARMING_UP | Quality.CALIBRATED)
    assert measured.quality == Quality.WARMING_UP | Quality.CALIBRATED | Quality.OUT_OF_RANGE


@PROPERTY
@given(measurements())
def test_the_mark_is_set_exactly_when_some_value_is_beyond_belief(measured: Measurement) -> None:
    odd = any(not BY_FAMILY[measured.family][name].believable(v) for name, v in measured.values.items())
    assert measured.quality & Quality.OUT_OF_RANGE or not odd
    clean = Measurement(measured.family, measured.values, measured.labels)
    assert (clean.quality == Quality.OUT_OF_RANGE) is odd


def test_quality_bits_are_distinct_single_bits() -> None:
    bits = [bit.value for bit in Quality]
    assert bits == [1 << n for n in range(len(bits))]
    assert Quality.GOOD == 0


def test_nothing_can_be_changed_afterwards() -> None:
    reading = Reading("dust", DUST, 1, 1)
    for thing, attribute in ((reading, "seq"), (DUST, "quality"), (Place("a", "b"), "site")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, attribute, 5)
