"""The tables of completeness, on a real InfluxDB, against what sensors really gave out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hub.grafana import completeness, dashboards, titles
from hub.grafana.queries import all_queries
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Place
from tests.hub.completing import DAY, Sensor
from tests.support import influx, servers, transformed
from tests.support.servers import Server

HOUR = 3600
BOARDS = {"fleet": "Simpang: Kesehatan armada / Fleet health", "site": "Simpang: Lokasi / Site"}
SHOWN = f"time >= {DAY.begin} AND time < {DAY.end}"
EVERYTHING = {"site": ".*", "agent": ".*", "sensor": ".*", "quality": "0", "timeFilter": SHOWN}


def whole() -> Sensor:
    """Return a sensor of three families that share its numbers."""
    sensor = Sensor("dust")
    for second in range(0, 6 * HOUR, 20):
        sensor.say(second, (Family.AIR, Family.HEALTH, Family.SCENE)[second // 20 % 3])
    return sensor


def holed() -> Sensor:
    sensor = Sensor("cam", Place("simpang-lima", "se-5"))
    for second in range(-HOUR, 25 * HOUR, 60):
        sensor.say(second, Family.AIR if second % 120 else Family.SCENE, lost=HOUR < second < 2 * HOUR)
        if second == 3 * HOUR:
            sensor.tell(second, "dropped", 121, 150)
            sensor.tell(second, "refused", 151, 160)
    sensor.say(30, quality=Quality.AVERAGED)
    return sensor


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real InfluxDB with both, and with the hub's own rows."""
    with servers.running(servers.influxdb1(tmp_path_factory.mktemp("influxdb"))) as server:
        influx.create_database(server)
        link = f"health,site=simpang-lima,agent=se-5,sensor=link online=1i,quality=0i,seq=0i {DAY.begin + 10**9}\n"
        influx.write(server, b"".join([*whole().lines(), *holed().lines(), link.encode()]))
        yield server


def panel(board: str, title: str) -> dict[str, Any]:
    (found,) = [p for p in dashboards.panels(dashboards.as_dicts()[board]) if p["title"] == title]
    return dict(found)


def shown(database: Server, board: str, title: str, **values: str) -> list[dict[str, Any]]:
    texts = [q for q in all_queries(EVERYTHING | values) if (q.dashboard, q.panel) == (BOARDS[board], title)]
    return transformed.table(panel(board, title), [influx.series(database, query.influxql) for query in texts])


def counted(sensor: Sensor) -> dict[str, Any]:
    """Return what the table must say of a sensor, worked out from its readings."""
    readings = [r for r in sensor.stored.values() if DAY.begin <= r.time * 10**6 < DAY.end]
    plain = [r.seq for r in readings if Quality.AVERAGED not in r.measurement.quality]
    numbers = max(plain) - min(plain) + 1
    gaps = [r.measurement.values["count"] for r in readings if r.measurement.family is Family.GAP]
    found = {"share": len(plain) / numbers, "numbers": numbers, "rows (sum)": len(plain)}
    return found | {"missing": numbers - len(plain)} | ({"told (max)": sum(gaps)} if gaps else {})


@pytest.mark.parametrize("board", BOARDS)
def test_rows_of_all_families_are_held_against_the_numbers_they_share(database: Server, board: str) -> None:
    rows = {row.pop("sensor"): row for row in shown(database, board, completeness.TITLE)}
    assert set(rows) == {"dust", "cam"}
    for sensor in (whole(), holed()):
        place = {"site": sensor.place.site, "agent": sensor.place.agent}
        tags = place if board == "fleet" else {"agent": sensor.place.agent}
        assert rows[sensor.name] == pytest.approx(tags | counted(sensor))
    assert (rows["dust"]["share"], rows["dust"]["missing"]) == (1, 0)
    assert (rows["cam"]["missing"], rows["cam"]["told (max)"]) == (59, 40)


def test_only_the_chosen_are_shown(database: Server) -> None:
    (row,) = shown(database, "fleet", completeness.TITLE, site="simpang-lima")
    assert row["sensor"] == "cam"
    (row,) = shown(database, "site", completeness.TITLE, sensor="dust")
    assert row["sensor"] == "dust"


@pytest.mark.parametrize("board", BOARDS)
def test_known_gaps_are_told_by_cause(database: Server, board: str) -> None:
    title = "Pembacaan hilang menurut sebab / Readings missing by cause"
    (query,) = [q for q in all_queries(EVERYTHING) if (q.dashboard, q.panel) == (BOARDS[board], title)]
    assert {row["cause"]: row["count"] for row in influx.query(database, query.influxql)} == {
        "dropped": 30, "refused": 10,
    }  # fmt: skip


@pytest.mark.parametrize("board", BOARDS)
def test_the_columns_have_headings_the_least_complete_come_first_and_nobody_is_asked_before(board: str) -> None:
    found = panel(board, completeness.TITLE)
    named = {
        each["matcher"]["options"]: {one["id"]: one["value"] for one in each["properties"]}
        for each in found["fieldConfig"]["overrides"]
        if "displayName" in {one["id"] for one in each["properties"]}
    }
    assert {"share", "numbers", "rows (sum)", "missing", "told (max)"} <= set(named)
    assert found["options"]["sortBy"] == [{"displayName": named["share"]["displayName"], "desc": False}]
    rows = [p for p in dashboards.as_dicts()[board]["panels"] if p["title"] == completeness.TITLE]
    assert [row["collapsed"] for row in rows] == [True]


def test_every_cause_of_a_gap_has_a_name() -> None:
    assert titles.CAUSES["thinned"] == "Dirata-rata / Averaged"
