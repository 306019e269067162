"""Twelve sensors at once through one agent into InfluxDB, three of them misbehaving: the others lose nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest

from drivers.catalogue import load
from drivers.parts.checksum import crc16_modbus
from tests.support import influx
from tests.support.captures import shared, sound
from tests.support.devices import device
from tests.support.players import Player
from tests.support.ptys import Plug, sds011
from tests.support.rig import City, wait_until
from tests.support.servers import Server

TALKERS = {"dust": "sds011", "tsp": "sds198", "dust-2": "pmsx003", "dust-3": "pms5003t", "board": "mcu680"}
ROUNDS = 3
NO_VALUES = ("time", "site", "agent", "sensor", "quality", "seq")


def public(driver: str) -> list[bytes]:
    return [bytes.fromhex(record["hex"]) for record in shared(f"{driver}.jsonl") if record["valid"]]


def meant(driver: str, frames: Sequence[bytes]) -> list[Mapping[str, float]]:
    """Return what the frames say, by a driver whose values the golden tests hold against others' decoders."""
    own = load(driver)()
    return [dict(said.values) for frame in frames for said in own.feed(frame)]


def table(sensor: str, driver: str, port: Path, more: str = "") -> str:
    return f'[[serial]]\nsensor = "{sensor}"\ndriver = "{driver}"\nport = "{port}"\n{more}'


def answer(address: int, *registers: int) -> bytes:
    body = bytes((address, 3, 2 * len(registers))) + b"".join(each.to_bytes(2, "big") for each in registers)
    return body + crc16_modbus(body).to_bytes(2, "little")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def test_the_good_nine_are_stored_as_they_spoke(
    tmp_path: Path, broker: Server, influx1: Server, stack: ExitStack
) -> None:
    ports = tmp_path / "ports"
    ports.mkdir()
    frames = {sensor: public(driver) * ROUNDS for sensor, driver in TALKERS.items()}
    expected = {sensor: meant(TALKERS[sensor], said) for sensor, said in frames.items()}
    players = {sensor: Player(ports / sensor) for sensor in (*TALKERS, "co2", "station")}
    for player in players.values():
        stack.callback(player.close)
    frames["station"] = [capture.data for capture in sound("sen0186")] * ROUNDS
    expected["station"] = [dict(capture.expect or {}) for capture in sound("sen0186")] * ROUNDS
    answers = public("mhz19b")
    expected["co2"] = meant("mhz19b", answers)
    registers = {load("xm8589")().poll(): answer(1, 121), load("rs485_th")(address=2).poll(): answer(2, 273, 626)}
    stack.enter_context(device(ports / "rs485", answer=lambda asked: registers.get(asked, b"")))
    noise = [Random(seed).randbytes(400).replace(b"\xaa", b".") for seed in range(20)]
    stack.enter_context(device(ports / "flood", noise, every=0.02))
    stack.enter_context(device(ports / "silent"))
    flapping = Plug(ports / "flapping")

    sensors = "".join(table(sensor, driver, ports / sensor) for sensor, driver in TALKERS.items())
    sensors += table("station", "sen0186", ports / "station")
    sensors += table("co2", "mhz19b", ports / "co2", "poll_seconds = 0.2\n")
    sensors += table("wind", "xm8589", ports / "rs485", "poll_seconds = 0.2\n")
    sensors += table("climate", "rs485_th", ports / "rs485", "poll_seconds = 0.2\noptions = { address = 2 }\n")
    sensors += "".join(table(each, "sds011", ports / each) for each in ("flood", "flapping"))
    sensors += table("silent", "mhz19b", ports / "silent", "poll_seconds = 0.2\n")
    store = f'[store]\nkind = "influxdb1"\nurl = "{influx1.url}"\n'
    city = City(tmp_path / "city", broker.port, store, sensors)
    with city:
        for sensor in expected:
            city.wait_for_state(sensor, "open", "live")
        for sensor, said in frames.items():
            players[sensor].play(said, seconds=0.05)
        players["co2"].answer(load("mhz19b").request, answers)
        for _ in range(6):
            flapping.plug_in()
            time.sleep(0.3)
            flapping.say(sds011(1, 1)[:6])
            flapping.unplug()
            time.sleep(0.3)
        for player in players.values():
            player.finish()
        rows = sum(len(said) for said in expected.values())
        wait_until(lambda: city.agent_says().get("stored", 0) >= rows + 10, "all rows")
        wait_until(lambda: city.source("co2")["frames"] >= len(answers), "the last answer")
        assert city.source("flood")["rejected"]["noise"] > 10
        assert city.source("flapping")["restarts"] >= 1
        assert {city.source(bad)["frames"] for bad in ("flood", "flapping", "silent")} == {0}
        city.wait_for_delivery(rows + 10)

    def stored(sensor: str, family: str = "air") -> list[Mapping[str, Any]]:
        found = influx.query(influx1, f"SELECT * FROM {family} WHERE sensor = '{sensor}'")
        return sorted(found, key=lambda row: int(row["seq"]))

    for sensor, said in expected.items():
        found = stored(sensor, "weather" if sensor == "station" else "air")
        assert [values_of(row) for row in found] == [pytest.approx(each, abs=1e-6) for each in said], sensor
    assert {tuple(values_of(row).items()) for row in stored("wind", "weather")} == {(("wind_speed", 12.1),)}
    climate = [values_of(row) for row in stored("climate", "weather")]
    assert len(climate) >= 5
    assert {tuple(sorted(each.items())) for each in climate} == {(("humidity", 62.6), ("temperature", 27.3))}
    for bad in ("flood", "flapping", "silent"):
        assert stored(bad) == []


def values_of(row: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in row.items() if name not in NO_VALUES and value is not None}
