"""Every query of every panel and variable, asked of a real InfluxDB 1.6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub.grafana.queries import PanelQuery, UnknownVariable, all_queries
from tests.support import panels

if TYPE_CHECKING:
    from conftest import Database

EVERYTHING = {"site": ".*", "agent": ".*", "sensor": ".*", "quality": "0"}
AT_THE_JUNCTION = EVERYTHING | {"site": "simpang-empat"}
DOUBTFUL_TOO = EVERYTHING | {"quality": "127"}


def asked(database: Database, dashboard: str, panel: str, ref: str = "A", **values: str) -> list[dict[str, Any]]:
    """Return the answer to the one query that stands there."""
    every = all_queries(AT_THE_JUNCTION | values)
    (query,) = [q for q in every if (q.dashboard, q.ref) == (dashboard, ref) and q.panel.startswith(panel)]
    return database.ask(query.influxql)


def fault(database: Database, query: PanelQuery) -> str | None:
    """Return what is wrong with a query's answer."""
    try:
        return panels.fault(query, database.ask(query.influxql))
    except AssertionError as error:
        return str(error)


@pytest.mark.parametrize("values", [EVERYTHING, AT_THE_JUNCTION, DOUBTFUL_TOO], ids=["city", "junction", "doubtful"])
def test_every_query_answers_with_the_columns_that_it_selects(database: Database, values: dict[str, str]) -> None:
    queries = all_queries(values)
    faults = [
        f"{query.dashboard} | {query.panel} | {query.ref}: {found}\n    {query.influxql}"
        for query in queries
        if (found := fault(database, query))
    ]
    assert not faults, "\n".join(faults)
    assert {query.dashboard for query in queries} == {
        "Simpang: Kota / City",
        "Simpang: Lokasi / Site",
        "Simpang: Kesehatan armada / Fleet health",
    }


@pytest.mark.parametrize(
    "broken",
    ['SELECT mean("pm2_5") FROM', 'SELECT mean("pm2_5") AS "x" FROM "nowhere"', 'SELECT "pm2_5", "nothing" FROM "air"'],
)
def test_a_broken_or_empty_query_is_found(database: Database, broken: str) -> None:
    assert fault(database, PanelQuery("d", "p", "A", broken)) is not None


def test_a_variable_without_a_value_is_named() -> None:
    with pytest.raises(UnknownVariable, match=r"Simpang: Lokasi / Site, variable agent: \$site"):
        all_queries({"quality": "0", "agent": ".*", "sensor": ".*"})


def test_agents_that_report_are_told_from_those_known(database: Database) -> None:
    (now,) = asked(database, "Simpang: Kota / City", "Agen melapor")
    (week,) = asked(database, "Simpang: Kota / City", "Agen dikenal")
    assert (now["values"][0][1], week["values"][0][1]) == (2, 3)


def test_state_of_agents_has_the_hubs_word_and_its_time(database: Database) -> None:
    found = {s["tags"]["agent"]: s["values"][0] for s in asked(database, "Simpang: Kota / City", "Keadaan agen")}
    now = database.city.now
    assert found == {"se-1": [now, 1], "sd-1": [now, 1], "sd-2": [now - 30_000, 0]}


def test_a_silent_agent_ends_in_empty_intervals(database: Database) -> None:
    strips = {s["tags"]["agent"]: s["values"] for s in asked(database, "Simpang: Kota / City", "Kehadiran agen")}
    assert strips["sd-2"][-1][1] == 0
    assert strips["se-1"][-1][1] == pytest.approx(5, abs=1)
    assert sum(rows for _, rows in strips["sd-2"]) == 1


def test_newest_air_is_the_newest_good_row_with_its_own_time(database: Database) -> None:
    found = {s["tags"]["sensor"]: s for s in asked(database, "Simpang: Lokasi / Site", "Udara / Air: nilai")}
    dust = dict(zip(found["dust"]["columns"], found["dust"]["values"][0], strict=True))
    assert (dust["time"], dust["pm2_5"], dust["pm10"], dust["co2"]) == (database.city.now - 6000, 20, 40, None)


def test_doubtful_values_are_drawn_only_on_request(database: Database) -> None:
    def highest(quality: str) -> float:
        series = asked(database, "Simpang: Lokasi / Site", "PM1, PM2,5", "B", quality=quality)
        return max(value for one in series for _, value in one["values"] if value is not None)

    assert (highest("0"), highest("127")) == (20, 999)


def test_means_of_a_minute_are_drawn_beside_good_readings(database: Database) -> None:
    series = asked(database, "Simpang: Lokasi / Site", "PM1, PM2,5", "A", quality="0")
    assert 14 in {value for one in series if one["tags"]["sensor"] == "dust" for _, value in one["values"]}


def test_vehicles_a_minute_add_up_over_lines_directions_and_classes(database: Database) -> None:
    (site,) = asked(database, "Simpang: Kota / City", "Kendaraan per menit per lokasi")
    assert site["tags"] == {"site": "simpang-empat"}
    assert {rate for _, rate in site["values"] if rate is not None} == {21}


def test_vehicles_a_minute_stand_apart_by_line_and_direction(database: Database) -> None:
    series = asked(database, "Simpang: Lokasi / Site", "Kendaraan per menit per garis")
    found = {s["tags"]["direction"]: {rate for _, rate in s["values"] if rate is not None} for s in series}
    assert found == {"in": {15}, "out": {6}}


def test_vehicles_a_minute_ask_for_longer_intervals_without_growing(database: Database) -> None:
    (site,) = asked(database, "Simpang: Kota / City", "Kendaraan per menit per lokasi", __interval="10m")
    assert {rate for _, rate in site["values"] if rate is not None} == {21}


def test_totals_count_each_movement(database: Database) -> None:
    series = asked(database, "Simpang: Lokasi / Site", "Jumlah pada rentang")
    found = {(s["tags"]["direction"], s["tags"]["class"]): s["values"][0][1] for s in series}
    assert found == {
        ("in", "motorcycle"): 360,
        ("in", "car"): 90,
        ("in", "pedestrian"): 150,
        ("out", "motorcycle"): 180,
        ("out", "car"): 0,
    }


def test_pedestrians_stand_apart(database: Database) -> None:
    for dashboard, panel in (("Simpang: Kota / City", "Pejalan kaki"), ("Simpang: Lokasi / Site", "Pejalan kaki")):
        (series,) = asked(database, dashboard, panel)
        assert {rate for _, rate in series["values"] if rate is not None} == {5}


def test_the_last_minute_of_a_line_is_the_sum_of_its_directions_and_classes(database: Database) -> None:
    (vehicles,) = asked(database, "Simpang: Kota / City", "Lalu lintas: menit terakhir")
    (pedestrians,) = asked(database, "Simpang: Kota / City", "Lalu lintas: menit terakhir", "B")
    minute = database.city.now // 60_000 * 60_000
    assert (vehicles["values"], pedestrians["values"]) == ([[minute, 21, 60]], [[minute, 5]])
    assert vehicles["tags"] == pedestrians["tags"]


def test_agents_offline_are_counted_and_none_is_zero(database: Database) -> None:
    (offline,) = asked(database, "Simpang: Kota / City", "Agen terputus")
    (none,) = asked(database, "Simpang: Kesehatan armada / Fleet health", "Agen terputus")
    assert (offline["values"][0][1], none["values"][0][1]) == (1, 0)


def test_nothing_missing_is_zero_as_long_as_the_database_answers(database: Database) -> None:
    never = "time >= now() - 1s AND time <= now() - 1s"
    assert asked(database, "Simpang: Kota / City", "Pembacaan hilang /", timeFilter=never) == []
    (zero,) = asked(database, "Simpang: Kota / City", "Pembacaan hilang /", "B", timeFilter=never)
    assert zero["values"][0][1] == 0


def test_the_day_mean_needs_eighteen_hours(database: Database) -> None:
    (dust,) = asked(database, "Simpang: Lokasi / Site", "Rata-rata 24 jam", "B")
    assert dust["tags"]["sensor"] == "dust"
    assert dust["values"][0][1] == pytest.approx(20)


def test_counters_show_growth_and_forget_a_new_start(database: Database) -> None:
    (rejected,) = asked(database, "Simpang: Kesehatan armada / Fleet health", "Frame ditolak per selang")
    assert {grown for _, grown in rejected["values"]} == {10}


def test_gaps_are_summed_by_cause(database: Database) -> None:
    series = asked(database, "Simpang: Kesehatan armada / Fleet health", "Pembacaan hilang menurut")
    assert {s["tags"]["cause"]: s["values"][0][1] for s in series} == {"dropped": 5, "refused": 2}


def test_variables_list_sites_agents_and_sensors_without_the_agents_own(database: Database) -> None:
    def values(name: str, site: str) -> list[str]:
        (series,) = asked(database, "Simpang: Lokasi / Site", f"variable {name}", "", site=site)
        return sorted(value for _, value in series["values"])

    assert values("site", ".*") == ["sd-satu", "simpang-empat"]
    assert values("agent", "sd-satu") == ["sd-1", "sd-2"]
    assert values("sensor", "simpang-empat") == ["dust"]
