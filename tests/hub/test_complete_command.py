"""What the command says and with which exit code, of good days and of bad input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from hub.cli import app
from hub.complete_command import NO_ANSWER
from hub.completeness.day import SECOND, Day
from service.command_line import BAD_SETTINGS, FAILED
from telemetry.quality import Quality
from telemetry.reading import Place
from tests.hub import completing
from tests.hub.completing import DAY, Filled, Sensor, expected, told
from tests.support.servers import Server, free_port

HOUR = 3600
SITE = completing.PLACE.site


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """An embedded store: a whole sensor, one with holes, one with means, one that fell silent, one of another agent."""
    with completing.store("embedded", tmp_path_factory.mktemp("city")) as filled:
        for sensor in (whole(), holed(), silent(), whole("dust-2", Place(SITE, "se-2"))):
            filled.write(sensor.lines())
        yield filled


def whole(name: str = "dust", place: Place = completing.PLACE) -> Sensor:
    sensor = Sensor(name, place)
    for second in range(-HOUR, 25 * HOUR, 120):
        sensor.say(second)
    return sensor


def holed() -> Sensor:
    sensor = Sensor("cam-north-with-a-very-long-name")
    for second in range(-HOUR, 25 * HOUR, 120):
        lost = 5 * HOUR < second < 7 * HOUR or 9 * HOUR < second < 10 * HOUR
        sensor.say(second, lost=lost)
    sensor.tell(20 * HOUR, "dropped", 181, 239)
    return sensor


def silent() -> Sensor:
    sensor = Sensor("silent")
    sensor.say(-9 * HOUR)
    return sensor


def complete(config: Path, *options: str, day: str = DAY.date.isoformat(), columns: int = 80) -> Result:
    given = ["complete", "--day", day, "--timezone", "Asia/Jakarta", "-c", str(config), *options]
    return CliRunner().invoke(app, given, env={"COLUMNS": str(columns)})


def ended(result: Result, code: int, *words: str) -> None:
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert [word for word in words if word not in " ".join(result.output.split())] == []


def test_people_read_it_in_80_columns(city: Filled, tmp_path: Path) -> None:
    result = complete(city.config(tmp_path), "--site", SITE)
    assert max(map(len, result.output.splitlines())) <= 80
    ended(
        result, FAILED,
        f"{SITE} / se-1, {DAY.date}: 24 jam / hours", f"{SITE} / se-2",
        "#####oo##!##############", "." * 24, "05:00 3.3 1 29 0 0 Dibuang /",
        "#301..#329 (29), 09:00:00 - 10:00:00: tanpa sebab / unexplained",
        "silent: tidak ada baris pada hari ini / no row on this day",
        "silent: sesudah #0 (2026-03-13 15:00:00) belum diketahui",
        "29 numbers unexplained: still on the pole, or lost",
    )  # fmt: skip


def test_what_is_averaged_is_told_from_what_is_missing(tmp_path: Path) -> None:
    sensor = Sensor("dust")
    for second in range(-HOUR, 25 * HOUR, 120):
        sensor.say(second, lost=2 * HOUR < second < 4 * HOUR)
        if second == 20 * HOUR:
            sensor.say(2 * HOUR + 90, quality=Quality.AVERAGED)
            sensor.tell(second, "thinned", 91, 149)
    with completing.store("embedded", tmp_path) as filled:
        filled.write(sensor.lines())
        result = complete(filled.config(tmp_path), "--site", SITE, columns=120)
    ended(result, 0, "##~~####################", "02:00 3.3 1 0 29 0 Dirata-rata / Averaged 29")


def test_a_new_card_and_what_nobody_can_know_are_said(tmp_path: Path) -> None:
    sensor = Sensor("dust", next=500)
    for second in range(0, 20 * HOUR, 120):
        sensor.say(second)
        if second == 9 * HOUR:
            sensor.exchange()
    with completing.store("embedded", tmp_path) as filled:
        filled.write(sensor.lines())
        result = complete(filled.config(tmp_path), "--site", SITE)
    ended(
        result, 0,
        "dust: sebelum #500 tidak diketahui / what was before is not known",
        "spool baru sejak 09:02:00, #0 / a new spool since 09:02:00, #0",
        "dust: sesudah #328 (19:58:00) belum diketahui / what comes after is not known yet",
    )  # fmt: skip


def test_one_sensor_or_agent_may_be_asked_for(city: Filled, tmp_path: Path) -> None:
    config = city.config(tmp_path)
    result = complete(config, "--site", SITE, "--agent", "se-1", "--sensor", "dust")
    ended(result, 0, "every number is there or its cause is known", "100.0 720 0 0 0")
    assert "cam-north" not in result.output
    assert "se-2" not in result.output
    ended(complete(config, "--site", SITE, "--agent", "se-2"), 0, "dust-2")


def test_machines_read_json(city: Filled, tmp_path: Path) -> None:
    result = complete(city.config(tmp_path), "--site", SITE, "--json")
    assert result.exit_code == FAILED
    said = json.loads(result.stdout)
    assert (said["site"], said["day"], said["unexplained"]) == (SITE, str(DAY.date), 29)
    assert (said["begin"], said["end"]) == ("2026-03-14T00:00:00+07:00", "2026-03-15T00:00:00+07:00")
    named = {(each["agent"], each["sensor"]): each for each in said["sensors"]}
    assert set(named) == {("se-1", holed().name), ("se-1", "dust"), ("se-1", "silent"), ("se-2", "dust-2")}
    camera = named["se-1", holed().name]
    assert told(camera) == expected(holed())
    assert [each["first"] for each in camera["unexplained_numbers"]] == [301]
    assert named["se-1", "silent"]["percent"] is None


def test_other_zones_have_other_days(city: Filled, tmp_path: Path) -> None:
    for name in ("Asia/Kolkata", "Europe/Berlin", "Asia/Kathmandu"):
        result = CliRunner().invoke(
            app,
            ["complete", "--site", SITE, "--sensor", holed().name, "--day", "2026-03-14", "--timezone", name, "--json",
             "-c", str(city.config(tmp_path))],
        )  # fmt: skip
        (sensor,) = json.loads(result.stdout)["sensors"]
        assert told(sensor) == expected(holed(), Day(DAY.date, ZoneInfo(name)))


@pytest.mark.parametrize(("day", "zone"), [("2026-03-29", "Europe/Berlin"), ("2026-04-05", "Australia/Lord_Howe")])
def test_days_on_which_clocks_are_changed_have_all_their_numbers_once(tmp_path: Path, day: str, zone: str) -> None:
    sensor, it = Sensor("dust"), Day(date.fromisoformat(day), ZoneInfo(zone))
    begin = (it.begin - DAY.begin) // SECOND
    for second in range(begin - HOUR, begin + 27 * HOUR, 120):
        sensor.say(second, lost=second % 5 == 0 and second % 7 == 0)
    with completing.store("embedded", tmp_path) as filled:
        filled.write(sensor.lines())
        options = ["--site", SITE, "--day", day, "--timezone", zone, "--json", "-c", str(filled.config(tmp_path))]
        (said,) = json.loads(CliRunner().invoke(app, ["complete", *options]).stdout)["sensors"]
    assert told(said) == expected(sensor, it)
    assert len(said["hours"]) == it.hours != 24


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu"])
def test_influxdb_counts_from_such_midnights_too(influx1: Server, tmp_path: Path, zone: str) -> None:
    from tests.support import influx

    influx.create_database(influx1)
    filled = Filled(f'kind = "influxdb1"\nurl = "{influx1.url}"\n', lambda lines: None)
    influx.write(influx1, b"".join(holed().lines()))
    options = ["complete", "--site", SITE, "--day", "2026-03-14", "--timezone", zone, "--json"]
    result = CliRunner().invoke(app, [*options, "-c", str(filled.config(tmp_path))])
    (sensor,) = json.loads(result.stdout)["sensors"]
    assert told(sensor) == expected(holed(), Day(DAY.date, ZoneInfo(zone)))


def test_without_a_day_it_is_yesterday(city: Filled, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["complete", "--site", SITE, "-c", str(city.config(tmp_path))])
    yesterday = date.today() - timedelta(days=1)  # noqa: DTZ011  the machine's own zone is meant
    ended(result, BAD_SETTINGS, f"no row of {SITE} on {yesterday} or in the month before")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--site", "Simpang Empat"), "is no name: small letters, digits, single hyphens"),
        (("--site", "a' OR 'x'='x"), "is no name"),
        (("--site", SITE, "--agent", "se_1"), "'se_1' is no name"),
        (("--site", SITE, "--sensor", "x" * 33), "is no name"),
        (("--site", SITE, "--day", "14.3.2026"), "'14.3.2026' is no day, like 2026-11-21"),
        (("--site", SITE, "--day", "2026-02-30"), "is no day"),
        (("--site", SITE, "--day", "2999-01-01"), "2999-01-01 has not begun yet"),
        (("--site", SITE, "--timezone", "Asia/Atlantis"), "is no time zone, like Asia/Jakarta"),
        (("--site", SITE, "--timezone", "../../etc/passwd"), "is no time zone"),
        (("--site", SITE, "--timezone", "Asia"), "is no time zone"),
        ((), "Missing option '--site'"),
    ],
)
def test_bad_options_are_named(city: Filled, tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    ended(complete(city.config(tmp_path), *options, columns=200), BAD_SETTINGS, words)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1970-01-01", "2000-01-01"])
def test_days_at_the_ends_of_time_are_no_crash(city: Filled, tmp_path: Path, day: str) -> None:
    assert complete(city.config(tmp_path), "--site", SITE, day=day).exit_code == BAD_SETTINGS


def test_an_unknown_site_is_told_with_those_that_are_known(city: Filled, tmp_path: Path) -> None:
    config = city.config(tmp_path)
    config.write_text(config.read_text() + '[[agent]]\nsite = "sd-satu"\nagent = "sd-1"\n')
    ended(
        complete(config, "--site", "simpang-lima"), BAD_SETTINGS,
        f"no row of simpang-lima on {DAY.date} or in the month before; sites in the settings: sd-satu",
    )  # fmt: skip
    ended(complete(config, "--site", SITE, "--sensor", "nowhere"), BAD_SETTINGS, f"no row of {SITE}/nowhere")


def test_a_store_that_is_away_is_told_from_holes(tmp_path: Path) -> None:
    table = f'kind = "influxdb1"\nurl = "http://127.0.0.1:{free_port()}"\n'
    config = Filled(table, lambda lines: None).config(tmp_path)
    ended(complete(config, "--site", SITE), NO_ANSWER, "the store does not answer", "is out of reach", "is it running")


def test_a_database_that_is_not_there_is_told(influx1: Server, tmp_path: Path) -> None:
    config = Filled(f'kind = "influxdb1"\nurl = "{influx1.url}"\n', lambda lines: None).config(tmp_path)
    ended(complete(config, "--site", SITE), NO_ANSWER, "the store does not answer", "database not found: simpang")


def test_victoriametrics_cannot_be_asked(tmp_path: Path) -> None:
    config = Filled('kind = "victoriametrics"\nurl = "http://127.0.0.1:1"\n', lambda lines: None).config(tmp_path)
    ended(complete(config, "--site", SITE), BAD_SETTINGS, "VictoriaMetrics answers no InfluxQL")


def test_an_embedded_store_is_neither_made_nor_shared(city: Filled, tmp_path: Path) -> None:
    config = Filled(f'kind = "embedded"\npath = "{tmp_path}/none.duckdb"\n', lambda lines: None).config(tmp_path)
    ended(complete(config, "--site", SITE), BAD_SETTINGS, "does not exist: no hub has stored anything there yet")
    assert not (tmp_path / "none.duckdb").exists()
    (tmp_path / "none.duckdb").write_bytes(b"this is no database, and it is long enough to be looked at" * 99)
    ended(complete(config, "--site", SITE), NO_ANSWER, "cannot be opened")
