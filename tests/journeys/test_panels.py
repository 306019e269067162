"""Every panel's query on an InfluxDB that hub and broker have filled, its answer compared with what agents said.

Scripted agents say a day in which every quantity of the catalogue occurs. One agent beside them is real: the broker
itself tells when it comes and when it is gone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from statistics import fmean
from typing import Any

import pytest

from hub.grafana import ispu
from hub.grafana.queries import all_queries
from telemetry.quality import Quality
from telemetry.quantity import Family
from tests.support import influx, panel_oracle, panels, scripted_day
from tests.support.rig import AGENT, SITE
from tests.support.scripted_agent import ScriptedAgent, time_of
from tests.support.scripted_day import MINUTE
from tests.support.told import CITY, EVERYTHING, FLEET, JUNCTION, PLACE, Told, filled

LATEST = 10**6
"""Nanoseconds by which a time in milliseconds may lie before the moment that it was taken."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A database and who spoke to it."""
    with filled(tmp_path_factory.mktemp("panels")) as everything:
        yield everything


@pytest.mark.parametrize("quality", ["0", "127"])
@pytest.mark.parametrize("site", [".*", "simpang-lima"])
def test_no_query_is_silent(told: Told, site: str, quality: str) -> None:
    queries = all_queries(EVERYTHING | {"site": site, "quality": quality})
    faults = [
        f"{query.dashboard} | {query.panel} | {query.ref}: {found}\n    {query.influxql}"
        for query in queries
        if (found := panels.fault(query, influx.series(told.influx, query.influxql)))
    ]
    assert not faults, "\n".join(faults)
    assert len(queries) > 100


def compared(told: Told, expected: Callable[[str, list[ScriptedAgent]], Any], answer: Callable[[Any], Any]) -> int:
    """Compare every answer that the oracle has an opinion on; return how many."""
    count = 0
    for query in all_queries(JUNCTION):
        agents = [told.junction, told.school] if query.dashboard.startswith(CITY) else [told.junction]
        wanted = expected(query.influxql, agents)
        if wanted is not None:
            found = answer(influx.series(told.influx, query.influxql))
            of_scripted = {key: one for key, one in found.items() if SITE not in key}
            where = f"{query.dashboard} | {query.panel} | {query.ref}"
            assert of_scripted.keys() == wanted.keys(), where
            for key, one in wanted.items():
                timed = {name: value for name, value in of_scripted[key].items() if name != "time" or name in one}
                assert timed == pytest.approx(one), f"{where} | {key}"
            count += 1
    return count


def test_every_curve_goes_through_what_was_said(told: Told) -> None:
    def curves(text: str, agents: list[ScriptedAgent]) -> panel_oracle.Curves | None:
        return panel_oracle.curves(text, agents, told.began)

    assert compared(told, curves, panel_oracle.drawn) > 65


def test_every_table_of_newest_values_holds_the_newest_rows_with_their_times(told: Told) -> None:
    assert compared(told, panel_oracle.newest, panel_oracle.listed) >= 13


@pytest.mark.parametrize(("ref", "gas"), list(zip("ABCDEF", ispu.UPPER, strict=True)))
def test_the_mean_of_a_day_is_that_of_its_hours(told: Told, ref: str, gas: str) -> None:
    day = told.began // 10**6 - 24 * 60 * MINUTE
    gases = [reading for reading in told.junction.readings if reading.sensor == "gas" and reading.time > day]
    said = [reading for reading in gases if reading.measurement.quality is Quality.GOOD]
    hours = {reading.time // (60 * MINUTE): scripted_day.gas_of_hour(gas, reading.time) for reading in said}
    assert len(hours) in (24, 25)
    (row,) = told.ask(PLACE, "Rata-rata 24 jam", ref)
    assert (row["sensor"], row[gas]) == ("gas", pytest.approx(fmean(hours.values())))


@pytest.mark.parametrize(
    ("board", "by"), [(CITY, ("site", "class")), (PLACE, ("sensor", "line", "direction", "class"))]
)
def test_totals_are_what_was_counted(told: Told, board: str, by: tuple[str, ...]) -> None:
    expected: Counter[tuple[str, ...]] = Counter()
    for tags, _, count, _ in scripted_day.movements(told.junction):
        expected[tuple(tags[name] for name in by)] += count
    found = {tuple(row[name] for name in by): row["count"] for row in told.ask(board, "Jumlah pada rentang")}
    assert found == expected
    assert board == CITY or found["cam-east", "l2", "out", "lorry"] == 0


BY_LINE = ("agent", "sensor", "line", "direction")


@pytest.mark.parametrize(
    ("board", "panel", "by"),
    [
        (CITY, "Kendaraan per menit per lokasi", ("site",)),
        (CITY, "Kendaraan per menit per kelas", ("class",)),
        (CITY, "Pejalan kaki per menit", ("site",)),
        (PLACE, "Kendaraan per menit per garis", BY_LINE),
        (PLACE, "Kendaraan per menit per kelas", ("class",)),
        (PLACE, "Pejalan kaki per menit", BY_LINE),
    ],
)
def test_road_users_a_minute_are_counted_over_observed_time(
    told: Told, board: str, panel: str, by: tuple[str, ...]
) -> None:
    on_foot = panel.startswith("Pejalan kaki")
    expected: dict[tuple[Any, ...], float] = defaultdict(float)
    for tags, minute, _, rate in scripted_day.movements(told.junction):
        if (tags["class"] == "pedestrian") == on_foot:
            expected[minute, *(tags[name] for name in by)] += rate
    rows = [row for row in told.ask(board, panel) if row["rate"] is not None]
    assert {(row["time"], *(row[name] for name in by)): row["rate"] for row in rows} == pytest.approx(dict(expected))


def test_counters_show_their_growth(told: Told) -> None:
    for step, (counter, panel) in enumerate(
        [("frames", "Frame sah"), ("rejected", "Frame ditolak"), ("restarts", "Sumber dimulai")], start=1
    ):
        rows = [row for row in told.ask(FLEET, panel) if row["sensor"] == "cam-east"]
        assert [row[counter] for row in rows] == [step] * (scripted_day.MINUTES - 1)


def test_gaps_are_summed_by_cause(told: Told) -> None:
    expected = {cause: 2 * count for cause, count in scripted_day.GAPS.items()}
    rows = told.ask(FLEET, "Pembacaan hilang menurut sebab")
    assert {row["cause"]: row["count"] for row in rows} == expected
    for board in (CITY, FLEET):
        (row,) = told.ask(board, "Pembacaan hilang / Readings missing")
        assert row["count"] == sum(expected.values())


def test_state_of_agents_is_what_the_broker_knows_with_its_time(told: Told) -> None:
    rows = {row["agent"]: row for row in told.ask(CITY, "Keadaan agen")}
    assert {agent: row["online"] for agent, row in rows.items()} == {"se-5": 1, "sd-3": 0, AGENT: 0}
    assert all(told.began - LATEST <= row["time"] <= told.ended for row in rows.values())
    (here,) = told.ask(PLACE, "Keadaan agen")
    assert (here["agent"], here["online"], here["time"]) == ("se-5", 1, rows["se-5"]["time"])


def test_the_age_of_data_is_that_of_the_newest_row_of_each_sensor(told: Told) -> None:
    silent = (Family.HEALTH, Family.GAP, Family.CROSSING)
    expected: dict[tuple[str, str], int] = {}
    for agent in (told.junction, told.school):
        for reading in agent.readings:
            if reading.measurement.family not in silent:
                key = agent.place.agent, reading.sensor
                expected[key] = max(expected.get(key, 0), time_of(reading))
    rows: dict[tuple[str, str], int] = {}
    for row in told.ask(CITY, "Umur data per sensor"):
        key = row["agent"], row["sensor"]
        rows[key] = max(rows.get(key, 0), row["time"])
    real = rows.pop((AGENT, "dust"))
    assert told.began - LATEST <= real <= told.ended
    assert rows == expected
    assert max(row["time"] for row in told.ask(CITY, "Data terakhir")) == real
    assert max(row["time"] for row in told.ask(FLEET, "Data terakhir")) == max(expected.values())


def test_who_reports_is_told_from_who_is_known(told: Told) -> None:
    def sources(panel: str, **values: str) -> list[int]:
        return [row["sources"] for row in told.ask(FLEET, panel, **values)]

    assert (sources("Agen melapor"), sources("Agen dikenal")) == ([1], [1])
    assert (sources("Agen melapor", site=".*"), sources("Agen dikenal", site=".*")) == ([2], [3])


def test_doubtful_readings_are_counted_and_the_variables_list_who_there_is(told: Told) -> None:
    assert [(row["sensor"], row["count"]) for row in told.ask(PLACE, "Pembacaan diragukan")] == [("gas", 1)]
    names = {name: {row["value"] for row in told.ask(PLACE, f"variable {name}", "")} for name in ("site", "agent")}
    assert names == {"site": {SITE, "simpang-lima", "sdn-merdeka-3"}, "agent": {"se-5"}}
    assert {row["value"] for row in told.ask(PLACE, "variable sensor", "")} == {"station", "cam-east", "gnss"}


def test_the_last_crossings_come_newest_first(told: Told) -> None:
    said = [reading for reading in told.junction.readings if reading.measurement.family is Family.CROSSING]
    newest_first = sorted(said, key=time_of, reverse=True)[:50]
    rows = told.ask(PLACE, "Lintasan terakhir")
    assert [row["time"] for row in rows] == [time_of(reading) for reading in newest_first]
    assert [row["speed"] for row in rows] == [reading.measurement.values["speed"] for reading in newest_first]
    assert {(row["sensor"], row["line"], row["direction"], row["class"]) for row in rows} == {
        ("cam-east", "l2", "out", "lorry")
    }
