"""A line says all that its reading said: what is parsed from it is what it was formatted from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.errors import BadReading
from telemetry.line import format_line, parse_line
from telemetry.quantity import Family
from telemetry.reading import Measurement, Reading
from tests.support.lines import AIR as LINE
from tests.support.lines import CROSSING, PLACE, PROPERTY, readings

_WRITTEN_EXACTLY = 0.0001
"""From this size on; smaller values are written with fifteen decimals."""


def _line(reading: Reading) -> bytes:
    return f"{format_line(PLACE, reading)}\n".encode()


def _exact(reading: Reading) -> bool:
    return all(value == 0 or abs(value) >= _WRITTEN_EXACTLY for value in reading.measurement.values.values())


@PROPERTY
@given(readings.filter(_exact))
def test_what_was_formatted_is_parsed_alike(reading: Reading):
    assert parse_line(_line(reading)) == reading


@settings(max_examples=60, deadline=None)
@given(st.floats(-_WRITTEN_EXACTLY, _WRITTEN_EXACTLY))
def test_values_near_nothing_change_by_less_than_any_sensor_tells_and_then_no_more(value: float):
    parsed = parse_line(_line(Reading("dust", Measurement(Family.WEATHER, {"temperature": value}), 1, 7)))
    assert parsed.measurement.values["temperature"] == pytest.approx(value, abs=1e-15)
    assert parse_line(_line(parsed)) == parsed


@pytest.mark.parametrize("line", [LINE, CROSSING])
def test_the_lines_of_the_contract_are_parsed_and_formatted_alike(line: bytes):
    assert _line(parse_line(line)) == line


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        LINE[:-1],
        LINE + LINE,
        b" " + LINE,
        LINE.replace(b"air", b"ocean"),
        LINE.replace(b"pm2_5", b"pm3"),
        LINE.replace(b"pm2_5=12.3,pm10=20.1,", b""),
        LINE.replace(b"12.3", b"12.3e3"),
        LINE.replace(b"12.3", b"nan"),
        LINE.replace(b"12.3", b"1" * 16),
        LINE.replace(b"quality=0i,", b""),
        LINE.replace(b"seq=1042i", b"seq=-1042i"),
        LINE.replace(b"dust", b"Dust"),
        LINE.replace(b"dust", b"a" * 33),
        LINE.replace(b"dust", b"dust,line=north"),
        LINE.replace(b"001042\n", b"\n"),
        LINE.replace(b"1763740800123001042", b"9999999999999999999"),
        LINE.replace(b"dust", b"d\xc3\xbcst"),
    ],
)
def test_what_is_no_line_of_ours_is_refused(line: bytes):
    with pytest.raises(BadReading):
        parse_line(line)
