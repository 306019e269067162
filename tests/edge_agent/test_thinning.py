"""What thinning leaves of lines, against a calculation of its own."""

from __future__ import annotations

import cmath
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.delivery import gaps, thinning
from edge_agent.delivery.gaps import Cause
from edge_agent.delivery.thinning import Thinned, thinned
from telemetry.errors import BadReading
from telemetry.line import format_line
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement, Reading
from tests.support.spooling import PLACE, Row, row

_BEGIN = 1_770_000_000_000
_MINUTE = 60_000
_NUMBERS = {
    Family.AIR: ("pm2_5", "pm10"),
    Family.WEATHER: ("temperature", "wind_direction", "wind_gust", "rain"),
    Family.NOISE: ("laeq", "lamax", "la50"),
    Family.WATER: ("level",),
    Family.POWER: ("energy", "power"),
    Family.HEALTH: ("cpu", "frames"),
    Family.SCENE: ("measurable",),
    Family.TRAFFIC: ("count",),
    Family.CROSSING: ("count",),
    Family.ATTENDANCE: ("count",),
    Family.GAP: ("first", "last", "count"),
}
_STATES = ("health", "scene")
_UNTOUCHED = ("traffic", "crossing", "attendance", "gap")
_Group = tuple[str, str, Quality, int]


def _line(family: Family, values: dict[str, float], *, seq: int, after: int = 0, sensor: str = "one") -> bytes:
    """Return a line some milliseconds after the beginning."""
    return f"{format_line(PLACE, Reading(sensor, Measurement(family, values), _BEGIN + after, seq))}\n".encode()


@st.composite
def _lines(draw: st.DrawFn) -> list[bytes]:
    """Draw lines of some families and sensors that follow each other in time, each sensor's numbered on."""
    time, lines = _BEGIN, []
    number: defaultdict[str, int] = defaultdict(int)
    for _ in range(draw(st.integers(0, 25))):
        time += draw(st.sampled_from([0, 1, 900, 20_000, 59_999]))
        family = draw(st.sampled_from(list(Family)))
        sensor = draw(st.sampled_from(["one", "two"]))
        names = draw(st.sets(st.sampled_from(_NUMBERS[family]), min_size=1))
        values = {name: draw(_number(family, name)) for name in sorted(names)}
        quality = draw(st.sampled_from([Quality.GOOD, Quality.TIME_ESTIMATED, Quality.AVERAGED]))
        reading = Reading(sensor, Measurement(family, values, {}, quality), time, number[sensor])
        number[sensor] += 1
        lines.append(f"{format_line(PLACE, reading)}\n".encode())
    return lines


def _number(family: Family, name: str) -> st.SearchStrategy[float]:
    if family in (Family.TRAFFIC, Family.CROSSING, Family.ATTENDANCE, Family.GAP) or name in ("frames", "measurable"):
        return st.just(1.0)
    return st.integers(200, 1200).map(lambda tenths: tenths / 10)


def _direction(values: Sequence[float]) -> float:
    mean = sum(cmath.rect(1, math.radians(value)) for value in values)
    return math.degrees(cmath.phase(mean)) % 360 if abs(mean) > 1e-9 else values[-1]


def _energy_mean(values: Sequence[float]) -> float:
    return 10 * math.log10(fmean(math.exp(value * math.log(10) / 10) for value in values))


_MINUTES: dict[str, Callable[[Sequence[float]], float]] = {
    "wind_direction": _direction,
    "wind_gust": max,
    "rain": sum,
    "laeq": _energy_mean,
    "lamax": max,
    "energy": sum,
}


def _groups(lines: list[bytes]) -> dict[_Group, list[Row]]:
    grouped: defaultdict[_Group, list[Row]] = defaultdict(list)
    for line in lines:
        said = row(line.decode().removesuffix("\n"))
        if said.family not in _UNTOUCHED:
            grouped[said.sensor, said.family, said.quality, said.milliseconds // _MINUTE].append(said)
    return grouped


def _numbers(lines: Sequence[bytes]) -> set[tuple[str, int]]:
    rows = [row(line.decode().removesuffix("\n")) for line in lines]
    return {(said.sensor, said.seq) for said in rows}


@settings(max_examples=30, deadline=None)
@given(_lines())
def test_every_minute_of_a_sensor_family_and_quality_becomes_one(lines: list[bytes]):
    left = thinned(lines)
    untouched = [line for line in lines if line.decode().startswith(_UNTOUCHED)]
    assert [line for line in left.kept if line.decode().startswith(_UNTOUCHED)] == untouched
    alone = {(s.sensor, s.seq) for _, rows in _groups(lines).items() for s in _standing(rows)}
    assert _numbers(left.kept) == alone | _numbers(untouched)
    assert set(left.kept) <= set(lines), "what is kept is unchanged"
    averaged = {key: rows for key, rows in _groups(lines).items() if not _standing(rows)}
    assert len(left.means) == len(averaged)
    for (sensor, said, _), rows in zip(left.means, averaged.values(), strict=True):
        assert (sensor, said.family) == (rows[0].sensor, rows[0].family)
    for (_, said, time), ((_, _, quality, _), rows) in zip(left.means, averaged.items(), strict=True):
        assert said.quality & ~Quality.OUT_OF_RANGE == (quality | Quality.AVERAGED) & ~Quality.OUT_OF_RANGE
        assert rows[0].milliseconds <= time <= rows[-1].milliseconds
        assert dict(said.values) == pytest.approx(_expected(rows), rel=1e-8)


def _standing(rows: list[Row]) -> list[Row]:
    """Return the rows of a group that stay: the only one, or the last of a state."""
    return rows[-1:] if len(rows) == 1 or rows[0].family in _STATES else []


def _expected(rows: list[Row]) -> dict[str, float]:
    names = {name for said in rows for name in said.values}
    said = {name: [r.values[name] for r in rows if name in r.values] for name in names}
    return {name: _MINUTES.get(name, fmean)(values) for name, values in said.items()}


@settings(max_examples=25, deadline=None)
@given(_lines())
def test_every_line_is_kept_or_replaced_and_the_gap_counts_what_is_replaced(lines: list[bytes]):
    left = thinned(lines)
    assert sorted([*left.kept, *left.replaced]) == sorted(lines)
    told = {gap.sensor: gap for gap in gaps.numbered(b"".join(left.replaced), Cause.THINNED)}
    for sensor in ("one", "two"):
        gone = {seq for of, seq in _numbers(left.replaced) if of == sensor}
        assert (sensor in told) is bool(gone)
        if gone:
            gap = told[sensor]
            assert (gap.cause, gap.first, gap.last, gap.count) == ("thinned", min(gone), max(gone), len(gone))


def _minute(family: Family, name: str, values: Sequence[float]) -> float:
    """Return what becomes of one quantity's values within a minute."""
    lines = [_line(family, {name: value}, seq=seq, after=seq) for seq, value in enumerate(values)]
    ((_, said, _),) = thinned(lines).means
    return said.values[name]


@pytest.mark.parametrize(
    ("family", "name", "values", "minute"),
    [
        (Family.WEATHER, "wind_direction", [350.0, 20.0], 5.0),
        (Family.WEATHER, "wind_direction", [80.0, 100.0], 90.0),
        (Family.WEATHER, "wind_direction", [90.0, 270.0], 270.0),
        (Family.WEATHER, "rain", [0.2, 0.0, 0.6], 0.8),
        (Family.WEATHER, "wind_gust", [3.0, 9.5, 1.0], 9.5),
        (Family.NOISE, "laeq", [60.0, 60.0], 60.0),
        (Family.NOISE, "laeq", [50.0, 80.0], 76.9940408),
        (Family.NOISE, "lamax", [70.0, 91.5, 80.0], 91.5),
        (Family.POWER, "energy", [0.25, 0.0, 0.5], 0.75),
        (Family.AIR, "pm2_5", [1.0, 2.0, 6.0], 3.0),
    ],
)
def test_each_quantity_has_the_minute_of_its_nature(family: Family, name: str, values: list[float], minute: float):
    assert _minute(family, name, values) == pytest.approx(minute, rel=1e-8)


def test_the_mean_of_359_and_1_degrees_is_north():
    assert _minute(Family.WEATHER, "wind_direction", [359.0, 1.0]) == 0


def test_a_counter_and_a_peak_keep_every_digit():
    """They are no means, and so nothing to be rounded."""
    assert _minute(Family.POWER, "energy", [0.0001, 0.0002]) == pytest.approx(0.0003)


@pytest.mark.parametrize("level", [9_999.0, -9_999.0, 65_535.0, 1e14])
def test_a_sound_level_that_cannot_be_ends_no_agent(level: float):
    """Nothing is deleted for being odd, and the spool must thin what it has."""
    lines = [_line(Family.NOISE, {"laeq": level}, seq=seq) for seq in range(2)]
    try:
        left = thinned(lines)
    except BadReading:
        return
    assert sorted([*left.kept, *left.replaced]) == sorted(lines)


def test_whole_quantities_stay_whole():
    assert thinning._combined(Family.SCENE, "frames", [1.0, 2.0, 2.0]) == 2
    assert thinning._combined(Family.HEALTH, "satellites", [4.0, 5.0, 5.0]) == 5


@pytest.mark.parametrize(("family", "name"), [(Family.HEALTH, "frames"), (Family.SCENE, "measurable")])
def test_of_a_state_the_last_of_a_minute_stays_as_it_is(family: Family, name: str):
    lines = [_line(family, {name: 1.0}, seq=seq, after=seq) for seq in range(3)]
    assert thinned(lines) == Thinned((lines[2],), replaced=(lines[0], lines[1]))


@pytest.mark.parametrize("family", [Family.TRAFFIC, Family.CROSSING, Family.GAP])
def test_what_counts_is_never_touched(family: Family):
    lines = [_line(family, {"count": 1.0}, seq=seq, after=seq) for seq in range(3)]
    assert thinned(lines) == Thinned(tuple(lines))


def test_a_single_reading_of_a_minute_is_unchanged():
    line = _line(Family.AIR, {"pm2_5": 12.5}, seq=7)
    assert thinned([line]) == Thinned((line,))


def test_readings_either_side_of_the_minute_are_not_mixed():
    rest = _MINUTE - _BEGIN % _MINUTE
    lines = [
        _line(Family.AIR, {"pm2_5": 1.0}, seq=0, after=rest - 1),
        _line(Family.AIR, {"pm2_5": 9.0}, seq=1, after=rest),
    ]
    assert thinned(lines) == Thinned(tuple(lines))


@pytest.mark.parametrize("line", [b"", b"\n", b"air,site=a,agent=b,sensor=c pm2_5=1,quality=0i,seq=1i 17\n", b"\xff\n"])
def test_a_line_that_is_not_ours_is_refused(line: bytes):
    with pytest.raises(BadReading):
        thinned([_line(Family.AIR, {"pm2_5": 1.0}, seq=0), line])
