"""A line is formatted once: byte for byte what the contract says, exact, and with a row key of its own."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.line import format_line, row_time
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement, Reading
from tests.support.lines import AIR, ALL_TIME, CROSSING, PLACE, PROPERTY, acceptable, readings


def said(line: str) -> dict[str, str]:
    return dict(field.split("=") for field in line.split(" ")[1].split(","))


def test_the_contracts_first_line_byte_for_byte() -> None:
    dust = Measurement(Family.AIR, {"pm10": 20.1, "pm2_5": 12.3})
    assert format_line(PLACE, Reading("dust", dust, 1763740800123, 1042)).encode() + b"\n" == AIR


def test_the_contracts_second_line_byte_for_byte() -> None:
    labels = {"class": "motorcycle", "direction": "in", "line": "l1"}
    passed = Measurement(Family.TRAFFIC, {"count": 12}, labels)
    assert format_line(PLACE, Reading("cam-north", passed, 1763740860000, 77)).encode() + b"\n" == CROSSING


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0"),
        (-0.0, "-0.0"),
        (12, "12.0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1 / 70, "0.014285714285714285"),
        (1.2345678901234567e-4, "0.00012345678901234567"),
        (1e-5, "0.00001"),
        (-1.5e-7, "-0.00000015"),
        (1e-20, "0"),
        (5e-324, "0"),
        (999_999_999_999_999.9, "999999999999999.9"),
        (123_456_789_012_345.0, "123456789012345.0"),
    ],
)
def test_numbers_never_have_an_exponent(value: float, text: str) -> None:
    assert said(format_line(PLACE, Reading("d", Measurement(Family.AIR, {"pm10": value}), 0, 0)))["pm10"] == text


@PROPERTY
@given(readings)
def test_every_line_is_one_acceptable_line_that_says_what_the_reading_says(reading: Reading) -> None:
    line = format_line(PLACE, reading)
    assert acceptable(line.encode() + b"\n", PLACE, ALL_TIME)
    fields = said(line)
    assert int(fields.pop("quality")[:-1]) == reading.measurement.quality
    assert int(fields.pop("seq")[:-1]) == reading.seq
    assert fields.keys() == reading.measurement.values.keys()
    for name, value in reading.measurement.values.items():
        assert float(fields[name].removesuffix("i")) == pytest.approx(value, rel=0, abs=1e-15)


@PROPERTY
@given(st.floats(1e-4, 1e15, exclude_max=True))
def test_a_value_that_matters_survives_to_the_last_bit(value: float) -> None:
    line = format_line(PLACE, Reading("d", Measurement(Family.AIR, {"pm10": value}), 0, 0))
    assert float(said(line)["pm10"]) == value


def test_several_quality_bits_are_one_number() -> None:
    warm = Measurement(Family.AIR, {"pm10": 1}, quality=Quality.WARMING_UP | Quality.CALIBRATED)
    assert said(format_line(PLACE, Reading("d", warm, 0, 0)))["quality"] == "33i"


MILLISECONDS = st.integers(0, 2**63 // 10**6 - 1)


@PROPERTY
@given(MILLISECONDS, MILLISECONDS, st.integers(0, 10**18 - 10**6), st.integers(0, 10**6 - 1))
def test_readings_of_one_sensor_share_a_row_only_if_they_are_the_same(a: int, b: int, seq: int, ahead: int) -> None:
    same = (a, seq) == (b, seq + ahead)
    assert (row_time(a, seq) == row_time(b, seq + ahead)) is same


@PROPERTY
@given(MILLISECONDS, st.integers(0, 10**18 - 1))
def test_a_row_time_keeps_its_millisecond_and_fits_every_store(time: int, seq: int) -> None:
    assert row_time(time, seq) // 10**6 == time
    assert row_time(time, seq) < 2**63


def test_a_frame_full_of_crossings_and_a_clock_set_back_make_rows_of_their_own() -> None:
    times = [row_time(1763740800123, seq) for seq in range(999_900, 1_000_100)]
    again = [row_time(1763740800123, seq) for seq in range(1_000_100, 1_000_300)]
    assert len({*times, *again}) == 400
    assert all(a != b for a, b in pairwise(times))
