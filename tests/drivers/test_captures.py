"""Captured frames are the specification: good ones decode to their values, bad ones are counted by cause."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.catalogue import known, load
from drivers.driver import CAUSES
from tests.support.captures import Capture, made, own, play, shared, sound

OWN = [pytest.param(name, capture, id=f"{name}: {capture.name}") for name in known() for capture in own(name)]
NAMES = {
    "pm01": "pm1",
    "pm25": "pm2_5",
    "pm04": "pm4",
    "pm10": "pm10",
    "pm100": "tsp",
    "CO2": "co2",
    "temp": "temperature",
    "rhum": "humidity",
    "pres": "pressure",
}
MASSES = {"pm01": "pm1", "pm25": "pm2_5", "pm10": "pm10"}
ROUNDED = {"sps30": 0.0501, "mcu680": 0.0501}
"""How far golden values may be off, where their table has fewer decimals than the frame."""

GOLDEN = ("sds011", "sds198", "pmsx003", "pms3003", "pms5003t", "hpma115c0", "sps30", "mcu680", "mhz19b")
DAMAGED = ("sds011", "pmsx003", "mhz19b", "sps30")
ALIKE = {"pmsx003", "pms5003t"}
"""Their frames cannot be told apart."""

REASONS = {
    ("sds011", "short"): {"tail": 1},
    ("sds011", "wrong header"): {"noise": 1},
    ("sds011", "wrong tail"): {"tail": 1},
    ("pmsx003", "short"): {"checksum": 1},
    ("pmsx003", "wrong header"): {"length": 1},
    ("mhz19b", "short"): {"length": 1},
    ("mhz19b", "wrong header"): {"noise": 1},
    ("sps30", "answer to start, then error state 0x43 = command not allowed"): {"error-code": 1},
    ("sps30", "no new data"): {"nothing-new": 1},
}


@pytest.mark.parametrize(("name", "capture"), OWN)
def test_own_capture(name: str, capture: Capture) -> None:
    driver = made(name)
    heard = play(driver, [capture.data])
    assert [dict(found.values) for found in heard] == ([capture.expect] if capture.expect else [])
    assert driver.accepted == len(heard)
    assert dict(driver.rejected) == ({capture.cause: 1} if capture.cause else {})
    assert set(driver.rejected) <= set(CAUSES)


@pytest.mark.parametrize("name", GOLDEN)
def test_public_captures_decode_to_their_golden_values(name: str) -> None:
    driver = made(name)
    claimed = {quantity.name for quantity in driver.quantities}
    decoded = 0
    for record in filter(lambda record: record["valid"], shared(f"{name}.jsonl")):
        (found,) = play(driver, [bytes.fromhex(record["hex"])])
        golden = {NAMES[key]: value for key, value in record["expect"].items() if NAMES.get(key) in claimed}
        assert dict(found.values) == pytest.approx(golden, abs=ROUNDED.get(name, 1e-9))
        decoded += 1
    assert decoded >= 6
    assert driver.accepted == decoded
    assert not driver.rejected


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_public_captures_are_counted_and_the_next_frame_survives(name: str) -> None:
    good = sound(name)[0]
    damaged = [record for record in shared(f"{name}.jsonl") if record["kind"] == "unit-test vector"]
    assert len(damaged) >= 3
    for record in damaged:
        driver = made(name)
        heard = play(driver, [bytes.fromhex(record["hex"]), good.data])
        assert [dict(found.values) for found in heard] == [good.expect], record["why"]
        assert dict(driver.rejected) == _reason(name, record)


def _reason(name: str, record: dict[str, Any]) -> dict[str, int]:
    """Return the count that a damaged record owes, from its own words where they are plain."""
    why = record["why"]
    if "warming up" in why:
        return {"warming-up": 1}
    if "checksum" in why:
        return {"checksum": 1}
    return REASONS[name, why]


def test_a_pms_frame_that_lost_two_bytes_does_not_swallow_the_next() -> None:
    (record,) = (record for record in shared("pmsx003.jsonl") if record["kind"] == "user capture")
    good = sound("pmsx003")[0]
    driver = load("pmsx003")()
    heard = driver.feed(bytes.fromhex(record["hex"]) + good.data[2:])
    assert [dict(found.values) for found in heard] == [good.expect]
    assert dict(driver.rejected) == {"checksum": 1}


@pytest.mark.parametrize("file", GOLDEN)
@pytest.mark.parametrize("name", GOLDEN)
def test_frames_of_another_device_give_nothing(name: str, file: str) -> None:
    if name == file or {name, file} == ALIKE:
        return
    driver = made(name)
    frames = [bytes.fromhex(record["hex"]) for record in shared(f"{file}.jsonl")]
    assert driver.feed(b"".join(frames) * 2) == []
    assert driver.rejected


def test_a_pms5003t_in_place_of_a_pms5003_gives_the_right_masses() -> None:
    driver = load("pmsx003")()
    records = shared("pms5003t.jsonl")
    heard = [dict(found.values) for found in driver.feed(b"".join(bytes.fromhex(record["hex"]) for record in records))]
    assert heard == [{own: record["expect"][key] for key, own in MASSES.items()} for record in records]
