"""What is marked as doubtful, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.sources.source import Vitals
from edge_agent.stages.judging import Judge
from edge_agent.stages.supply import Supply
from edge_agent.taken import Taken
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement

SECOND = 10**9


def judge(*, warm_up: float = 0, stuck_minutes: float = 60, low: bool = False) -> tuple[Judge, Vitals]:
    vitals = Vitals("dust", monotonic=lambda: 0.0)
    vitals.woke()
    return Judge(vitals, warm_up=warm_up, stuck_minutes=stuck_minutes, is_undersupplied=lambda: low), vitals


def said(seconds: float, family: Family = Family.AIR, **values: float) -> Taken:
    return Taken("dust", Measurement(family, values), round(seconds * SECOND))


def quality(judge: Judge, taken: Taken) -> Quality:
    (found,) = judge.take(taken)
    return found.measurement.quality


def test_what_is_good_is_passed_on_untouched() -> None:
    taken = said(10, pm2_5=12.3)
    assert list(judge()[0].take(taken)) == [taken]


def test_warming_up_lasts_from_waking_for_as_long_as_the_driver_says() -> None:
    new, vitals = judge(warm_up=30)
    assert quality(new, said(29.9, pm2_5=1)) == Quality.WARMING_UP
    assert quality(new, said(30, pm2_5=2)) == Quality.GOOD
    vitals.slept()
    vitals.monotonic = lambda: 300.0
    vitals.woke()
    assert quality(new, said(310, pm2_5=3)) == Quality.WARMING_UP
    assert quality(new, said(331, pm2_5=4)) == Quality.GOOD


def test_values_that_stay_the_same_for_an_hour_are_stuck_until_they_change() -> None:
    new, _ = judge()
    marks = [quality(new, said(60 * minute, pm2_5=0, pm10=0)) for minute in range(90)]
    assert marks.index(Quality.STUCK) == 60
    assert set(marks[60:]) == {Quality.STUCK}
    assert quality(new, said(60 * 91, pm2_5=0, pm10=1)) == Quality.GOOD
    assert quality(new, said(60 * 92, pm2_5=0, pm10=1)) == Quality.GOOD


def test_few_equal_values_are_not_stuck_however_long_they_take() -> None:
    new, _ = judge()
    assert {quality(new, said(3600 * hour, pm2_5=7)) for hour in range(30)} == {Quality.GOOD}


def test_what_may_rest_is_never_stuck() -> None:
    new, _ = judge()
    marks = {quality(new, said(60 * m, Family.WEATHER, rain_rate=0, wind_speed=0)) for m in range(200)}
    marks |= {quality(new, said(60 * m, Family.HEALTH, latitude=-6.2, longitude=106.8)) for m in range(200)}
    assert marks == {Quality.GOOD}


def test_stuck_can_be_switched_off() -> None:
    new, _ = judge(stuck_minutes=0)
    assert {quality(new, said(60 * minute, pm2_5=0)) for minute in range(200)} == {Quality.GOOD}


@pytest.mark.parametrize(
    ("family", "name", "first", "then", "seconds", "jumps"),
    [
        (Family.AIR, "temperature", 31.0, 45.0, 5, True),
        (Family.AIR, "temperature", 31.0, 39.0, 5, False),
        (Family.AIR, "temperature", 31.0, 45.0, 120, False),
        (Family.WATER, "distance", 4.2, 1.0, 1, True),
        (Family.WATER, "distance", 4.2, 4.0, 1, False),
        (Family.AIR, "pm2_5", 10.0, 900.0, 1, False),
    ],
)
def test_a_jump_is_further_than_the_quantity_can_go(
    family: Family, name: str, first: float, then: float, seconds: float, jumps: bool
) -> None:
    new, _ = judge()
    assert quality(new, said(100, family, **{name: first})) == Quality.GOOD
    assert quality(new, said(100 + seconds, family, **{name: then})) == (Quality.JUMP if jumps else Quality.GOOD)
    assert quality(new, said(101 + seconds, family, **{name: then})) == Quality.GOOD


def test_marks_add_up_and_the_value_stays() -> None:
    new, _ = judge(warm_up=60, low=True)
    (taken,) = new.take(said(1, pm2_5=5000))
    assert taken.measurement.quality == Quality.WARMING_UP | Quality.UNDERVOLTAGE | Quality.OUT_OF_RANGE
    assert taken.measurement.values == {"pm2_5": 5000}


def test_the_supply_is_read_where_a_pi_tells_it(tmp_path: Path) -> None:
    now = [0.0]
    for number, name in enumerate(("cpu_thermal", "rpi_volt")):
        folder = tmp_path / f"hwmon{number}"
        folder.mkdir()
        (folder / "name").write_text(f"{name}\n")
    alarm = tmp_path / "hwmon1" / "in0_lcrit_alarm"
    alarm.write_text("1\n")
    supply = Supply(tmp_path, lambda: now[0])
    assert supply.is_low()
    alarm.write_text("0\n")
    assert supply.is_low(), "an answer is good for two seconds"
    now[0] = 2.0
    assert not supply.is_low()
    alarm.unlink()
    now[0] = 4.0
    assert not supply.is_low()


def test_a_computer_that_does_not_tell_counts_as_supplied(tmp_path: Path) -> None:
    assert not Supply(tmp_path).is_low()
