"""A real agent through broker and hub into a real InfluxDB: every number is there, and one taken out is seen."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from hub.cli import app
from tests.journeys.test_kills import frame
from tests.support import influx
from tests.support.players import Player
from tests.support.rig import AGENT, SITE, City
from tests.support.servers import Server

FRAMES = 40


def noon() -> tuple[str, str]:
    """Return a zone where it is about noon, far from every midnight, and the date there."""
    hours = 12 - datetime.now(UTC).hour
    zone = f"Etc/GMT{-hours:+d}"
    return zone, datetime.now(ZoneInfo(zone)).date().isoformat()


def complete(city: City) -> tuple[dict[str, dict[str, Any]], int]:
    zone, day = noon()
    config = str(city.folder / "hub.toml")
    said = CliRunner().invoke(
        app, ["complete", "--site", SITE, "--day", day, "--timezone", zone, "--json", "-c", config]
    )
    assert said.exit_code in (0, 1), said.output
    sensors = {each["sensor"]: each for each in json.loads(said.stdout)["sensors"]}
    assert {each["agent"] for each in sensors.values()} == {AGENT}
    return sensors, said.exit_code


@pytest.fixture
def city(tmp_path: Path, broker: Server, influx1: Server) -> City:
    sensor = f'[[serial]]\nsensor = "dust"\ndriver = "sds011"\nport = "{tmp_path}/by-id/dust"\n'
    store = f'[store]\nkind = "influxdb1"\nurl = "{influx1.url}"\n'
    return City(tmp_path / "city", broker.port, store, sensor, health_seconds=1)


def test_every_number_is_there_and_one_that_is_taken_out_is_seen(tmp_path: Path, influx1: Server, city: City) -> None:
    with closing(Player(tmp_path / "by-id" / "dust")) as player, city:
        city.wait_for_state("dust", "open", "live")
        player.play([frame(number) for number in range(1, FRAMES + 1)], seconds=0.05)
        player.finish()
        city.wait_for_delivery(FRAMES)
    sensors, code = complete(city)
    assert (set(sensors), code) == ({"dust", "agent"}, 0)
    assert all((each["percent"], each["unexplained"]) == (100.0, 0) for each in sensors.values())
    assert sensors["dust"]["unknown_after"]["seq"] == sensors["dust"]["found"] - 1
    rows = influx.query(influx1, "SELECT seq FROM air WHERE sensor = 'dust'")
    assert sensors["dust"]["found"] > FRAMES, "health rows of the sensor share its numbers"
    taken = rows[FRAMES // 2]
    influx.query(influx1, f"DELETE FROM air WHERE time = {taken['time']}")
    sensors, code = complete(city)
    assert code == 1
    (hole,) = sensors["dust"]["unexplained_numbers"]
    assert (hole["first"], hole["last"]) == (taken["seq"], taken["seq"])
    assert (sensors["dust"]["unexplained"], sensors["agent"]["unexplained"]) == (1, 0)
