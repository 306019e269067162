"""What is counted in real stores equals what a model says that knows every reading."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hub.cli import app
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Place
from tests.hub import completing
from tests.hub.completing import DAY, Filled, Sensor, expected, told

DAY_SECONDS = 86_400
HOUR = 3600


@pytest.fixture(scope="module", params=["embedded", "influxdb1"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with completing.store(request.param, tmp_path_factory.mktemp("store")) as ready:
        yield ready


@pytest.fixture
def config(filled: Filled, tmp_path: Path) -> Path:
    return filled.config(tmp_path)


def complete(config: Path, *options: str) -> Result:
    given = ["complete", "--day", DAY.date.isoformat(), "--timezone", "Asia/Jakarta", "-c", str(config), *options]
    return CliRunner().invoke(app, given, env={"COLUMNS": "80"})


def asked(config: Path, sensor: Sensor) -> tuple[dict[str, Any], int]:
    """Return what the command says of a sensor, and its exit code."""
    result = complete(config, "--site", sensor.place.site, "--sensor", sensor.name, "--json")
    assert result.exit_code in (0, 1), result.output
    (said,) = json.loads(result.stdout)["sensors"]
    return said, result.exit_code


def check(filled: Filled, config: Path, sensor: Sensor) -> dict[str, Any]:
    filled.write(sensor.lines())
    said, code = asked(config, sensor)
    assert told(said) == expected(sensor)
    assert code == (1 if said["unexplained"] else 0)
    return said


def steady(name: str, *, begin: int = -2 * HOUR, end: int = DAY_SECONDS + 2 * HOUR, every: int = 30) -> Sensor:
    sensor = Sensor(name)
    for second in range(begin, end, every):
        sensor.say(second)
    return sensor


def test_a_day_without_a_hole_is_complete(filled: Filled, config: Path) -> None:
    said = check(filled, config, steady("whole"))
    assert (said["percent"], said["expected"], said["found"]) == (100.0, 2880, 2880)
    assert (said["unknown_after"], said["unknown_before"], said["rows_twice"]) == (None, None, 0)


def test_holes_of_a_camera_whose_totals_are_dated_before_their_numbers(filled: Filled, config: Path) -> None:
    sensor, chance = Sensor("cam"), random.Random(1)
    for second in range(-HOUR, DAY_SECONDS + HOUR, 10):
        sensor.say(second, Family.SCENE, lost=chance.random() < 0.002)
        if second % 60 == 0:
            for line in ("l1", "l2", "l3"):
                lost = chance.random() < 0.002
                sensor.say(second - 30.5, Family.TRAFFIC, labels={"line": line}, lost=lost)
    assert len(sensor.lost) > 10
    assert check(filled, config, sensor)["unexplained"] > 10


def test_a_camera_without_a_hole_is_complete_however_its_rows_are_dated(filled: Filled, config: Path) -> None:
    sensor = Sensor("cam-whole")
    for second in range(-HOUR, DAY_SECONDS + HOUR, 10):
        sensor.say(second, Family.SCENE)
        if second % 60 == 0:
            sensor.say(second - 30.5, Family.TRAFFIC)
    assert check(filled, config, sensor)["unexplained"] == 0


def test_a_gap_told_days_later_explains_its_numbers_and_no_others(filled: Filled, config: Path) -> None:
    sensor = Sensor("gaps")
    for second in range(-HOUR, DAY_SECONDS + HOUR, 30):
        sensor.say(second, lost=5 * HOUR <= second < 7 * HOUR)
    first, last = min(sensor.lost), max(sensor.lost)
    sensor.tell(8 * HOUR, "refused", first, first + 9)
    sensor.tell(5 * DAY_SECONDS, "dropped", first + 10, last - 5)
    said = check(filled, config, sensor)
    assert said["explained"] == {"refused": 10, "dropped": len(sensor.lost) - 15}
    assert said["unexplained"] == 5
    assert [(each["first"], each["last"]) for each in said["unexplained_numbers"]] == [(last - 4, last)]
    assert said["unexplained_numbers"][0]["before"] == f"{DAY.date}T07:00:00+07:00"


def test_a_gap_that_counts_less_than_it_names_explains_as_many(filled: Filled, config: Path) -> None:
    sensor = Sensor("loose")
    for second in range(-HOUR, DAY_SECONDS + HOUR, 30):
        sensor.say(second, lost=second % 3600 == 0 and 0 < second < 8 * HOUR)
    filled.write(sensor.lines())
    assert asked(config, sensor)[0]["unexplained"] == 7
    sensor.tell(DAY_SECONDS, "dropped", min(sensor.lost) - 3, max(sensor.lost), count=4)
    filled.write(sensor.lines())
    said, code = asked(config, sensor)
    assert (said["explained"], said["unexplained"], code) == ({"dropped": 4}, 3, 1)
    sensor.tell(DAY_SECONDS, "refused", 0, max(sensor.lost), count=3)
    filled.write(sensor.lines())
    said, code = asked(config, sensor)
    assert (said["explained"], said["unexplained"], code) == ({"dropped": 4, "refused": 3}, 0, 0)


def test_an_outage_over_midnight_is_shared_by_its_days(filled: Filled, config: Path) -> None:
    sensor = Sensor("midnight")
    for second in range(-9 * HOUR, DAY_SECONDS + 9 * HOUR, 60):
        sensor.say(second, lost=abs(second) < 2 * HOUR or abs(second - DAY_SECONDS) < 5 * HOUR)
    said = check(filled, config, sensor)
    assert [hour["unexplained"] for hour in said["hours"]] == [60] * 2 + [0] * 17 + [59] + [60] * 4


def test_a_whole_day_that_is_missing_is_seen(filled: Filled, config: Path) -> None:
    sensor = Sensor("away")
    for second in range(-40 * HOUR, DAY_SECONDS + 40 * HOUR, 60):
        sensor.say(second, lost=-10 * HOUR < second < DAY_SECONDS + 10 * HOUR)
    said = check(filled, config, sensor)
    assert (said["found"], said["unexplained"], said["unknown_after"]) == (0, 1440, None)


def thinned() -> Sensor:
    """Return a sensor whose spool thinned three hours in the evening, when means got numbers of their own."""
    sensor = steady("thinned", end=20 * HOUR, every=20)
    replaced = [n for n, said in sensor.stored.items() if 3 * HOUR <= (said.time - completing.BEGIN) / 1000 < 6 * HOUR]
    for number in replaced:
        del sensor.stored[number]
        sensor.lost.add(number)
    for second in range(3 * HOUR, 6 * HOUR, 60):
        sensor.say(second + 20, quality=Quality.AVERAGED)
    sensor.tell(20 * HOUR, "thinned", min(replaced), max(replaced))
    for second in range(20 * HOUR + 20, DAY_SECONDS + HOUR, 20):
        sensor.say(second)
    return sensor


def test_means_stand_for_what_was_thinned_and_their_own_numbers_are_not_missing(filled: Filled, config: Path) -> None:
    said = check(filled, config, thinned())
    assert (said["means"], said["explained"], said["unexplained"]) == (180, {"thinned": 540}, 0)
    assert said["hours"][4]["percent"] == 0


def test_numbers_of_means_that_are_dated_days_before_are_not_missing(filled: Filled, config: Path) -> None:
    sensor = steady("means-before", begin=-5 * DAY_SECONDS, end=9 * HOUR, every=600)
    for second in (*range(-4 * DAY_SECONDS, -3 * DAY_SECONDS, 600), *range(-900, 0, 60)):
        sensor.say(second + 30, quality=Quality.AVERAGED)
    sensor.say(9 * HOUR, lost=True)
    for second in range(9 * HOUR + 60, DAY_SECONDS + HOUR, 600):
        sensor.say(second)
    assert check(filled, config, sensor)["unexplained"] == 1


def test_means_that_were_numbered_days_later_are_of_another_days_numbers(filled: Filled, config: Path) -> None:
    sensor = Sensor("means-after")
    for second in range(-HOUR, 3 * DAY_SECONDS, 60):
        sensor.say(second, lost=3 * HOUR <= second < 6 * HOUR)
    first, last = min(sensor.lost), max(sensor.lost)
    for second in range(3 * HOUR, 6 * HOUR, 300):
        sensor.say(second + 20, quality=Quality.AVERAGED)
    sensor.tell(3 * DAY_SECONDS, "thinned", first, last)
    said = check(filled, config, sensor)
    assert (said["means"], said["explained"], said["unexplained"]) == (36, {"thinned": 180}, 0)
    assert said["unknown_after"] is None


def test_the_number_of_a_mean_beside_an_outage_over_midnight_is_not_missing(filled: Filled, config: Path) -> None:
    sensor = steady("mean-at-outage", end=-2 * HOUR + 30, begin=-4 * HOUR)
    sensor.say(-3 * HOUR + 10, quality=Quality.AVERAGED)
    for second in range(5 * HOUR, DAY_SECONDS + HOUR, 60):
        sensor.say(second)
    assert check(filled, config, sensor)["unexplained"] == 0


def test_the_numbers_of_another_card_hide_no_hole(filled: Filled, config: Path) -> None:
    sensor = steady("card-before", begin=-9 * DAY_SECONDS, end=-3 * DAY_SECONDS, every=120)
    sensor.exchange()
    for second in range(-HOUR, DAY_SECONDS + HOUR, 120):
        sensor.say(second, lost=second in (6 * HOUR, 6 * HOUR + 120))
    said = check(filled, config, sensor)
    assert (said["unexplained"], said["new_spools"]) == (2, [])


def test_a_card_that_was_exchanged_is_told(filled: Filled, config: Path) -> None:
    sensor = steady("swapped", end=10 * HOUR, every=60)
    sensor.exchange()
    for second in range(10 * HOUR + 300, DAY_SECONDS + HOUR, 60):
        sensor.say(second, lost=second < 10 * HOUR + 480 or second == 20 * HOUR)
    filled.write(sensor.lines())
    said, code = asked(config, sensor)
    assert said["new_spools"] == [{"first": 3, "begin": f"{DAY.date}T10:08:00+07:00"}]
    assert (said["unexplained"], said["found"], code) == (4, 600 + 835 - 4, 1)
    assert said["hours"][10]["unexplained"] == 3
    assert said["hours"][20]["unexplained"] == 1


def test_what_comes_after_the_newest_row_is_not_known(filled: Filled, config: Path) -> None:
    said = check(filled, config, steady("silent", begin=3 * HOUR, end=6 * HOUR))
    assert said["unknown_after"] == {"seq": 359, "time": f"{DAY.date}T05:59:30+07:00"}
    assert (said["unknown_before"], said["unexplained"]) == (None, 0)
    said = check(filled, config, steady("ends", end=6 * HOUR))
    assert said["unknown_after"] == {"seq": 959, "time": f"{DAY.date}T05:59:30+07:00"}
    later = Sensor("later", next=700)
    later.say(5 * HOUR)
    assert check(filled, config, later)["unknown_before"] == 700


@pytest.mark.parametrize("seed", range(6))
def test_random_days_are_counted_as_the_model_does(filled: Filled, config: Path, seed: int) -> None:
    chance = random.Random(seed)
    sensor = Sensor(f"random-{seed}", Place(f"site-{seed}", "se-1"))
    second, is_losing = -3.0 * HOUR, False
    while second < DAY_SECONDS + 3 * HOUR:
        second += chance.choice([0.5, 30, 200, 400])
        is_losing = is_losing != (chance.random() < 0.02)
        family = chance.choice([Family.AIR, Family.HEALTH, Family.SCENE])
        number = sensor.say(second, family, lost=is_losing)
        if chance.random() < 0.2 and number:
            first = max(0, number - chance.randrange(40))
            run = [each for each in range(first, number) if each in sensor.lost and each not in sensor.causes]
            if run and run == list(range(run[0], run[-1] + 1)):
                sensor.tell(second, chance.choice(["dropped", "damaged"]), run[0], run[-1])
    said = check(filled, config, sensor)
    assert said["unexplained"] > 0
    assert said["explained"]
