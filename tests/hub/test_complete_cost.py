"""How little a store is asked for: single rows only where counting does not settle it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hub.completeness.assess import assessed
from hub.completeness.reader import Reader
from hub.completeness.result import SensorDay
from hub.completeness.statements import Scope, Sql
from hub.stores.embedded import Embedded
from hub.stores.store import Row
from telemetry.quantity import Family
from tests.hub.completing import DAY, PLACE, Sensor

HOURS = 3600


class Counting(Embedded):
    """Counts what it answers to questions for single rows of the day."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.single_rows = 0
        self.questions = 0

    async def query(self, statement: str) -> list[Row]:
        answer = await super().query(statement)
        self.questions += 1
        in_day = [row for row in answer if "quality" in row and DAY.begin <= row["time"] < DAY.end]
        is_newest = "arg_max" in statement
        self.single_rows += 0 if is_newest else len(in_day)
        return answer


async def asked(path: Path, sensors: Sequence[Sensor]) -> tuple[Counting, dict[str, SensorDay]]:
    store = Counting(path)
    await store.prepare()
    try:
        for sensor in sensors:
            await store.write(sensor.lines())
        planned: list[int] = []
        reader = Reader(store, Sql(Scope(PLACE.site)), PLACE.site)
        found = {each.source.sensor: each async for each in assessed(reader, DAY, planned.append)}
        assert planned == [len(sensors)]
    finally:
        await store.close()
    return store, found


def camera(name: str) -> Sensor:
    """Return a camera whose every hour has a total that is numbered in the next one."""
    sensor = Sensor(name)
    for second in range(-HOURS, 25 * HOURS, 30):
        sensor.say(second, Family.SCENE)
        if second % 60 == 0:
            sensor.say(second - 30.5, Family.TRAFFIC)
    return sensor


async def test_of_complete_days_no_row_is_fetched_however_they_are_dated(tmp_path: Path) -> None:
    sensors = [camera("cam-1"), camera("cam-2")]
    store, found = await asked(tmp_path / "city.duckdb", sensors)
    assert [day.total.unexplained for day in found.values()] == [0, 0]
    assert [day.total.percent for day in found.values()] == [100, 100]
    assert store.single_rows == 0
    few = store.questions
    (tmp_path / "more").mkdir()
    store, _ = await asked(tmp_path / "more" / "city.duckdb", [*sensors, camera("cam-3")])
    assert store.questions == few, "more sensors that are complete ask no more questions"


async def test_of_a_day_with_a_hole_only_the_hours_around_it_are_fetched(tmp_path: Path) -> None:
    sensor = Sensor("dust")
    for second in range(-HOURS, 25 * HOURS, 30):
        sensor.say(second, lost=second == 5 * HOURS + 1800)
    store, found = await asked(tmp_path / "city.duckdb", [sensor])
    assert found["dust"].total.unexplained == 1
    assert store.single_rows == HOURS // 30 - 1
