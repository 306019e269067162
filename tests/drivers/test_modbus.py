"""Modbus RTU against a library's vectors and makers' examples: sound frames pass, damaged ones are counted."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.catalogue import load
from drivers.parts import modbus
from drivers.parts.checksum import crc16_modbus
from tests.support.captures import play, shared


def _record(name: str) -> dict[str, Any]:
    (record,) = (record for record in shared("modbus_rtu.jsonl") if record.get("name") == name)
    return record


def test_every_sound_frame_has_the_crc_and_every_damaged_one_has_not() -> None:
    records = shared("modbus_rtu.jsonl")
    assert len(records) == 31
    frames = [(bytes.fromhex(record["hex"]), record["valid"]) for record in records]
    # an embedded good frame behind a bad one keeps the whole from passing as well
    assert [(crc16_modbus(data[:-2]) == int.from_bytes(data[-2:], "little")) for data, _ in frames] == [
        valid for _, valid in frames
    ]


def test_requests_are_those_of_the_vectors() -> None:
    told = [record for record in shared("modbus_rtu.jsonl") if record.get("role") == "request"]
    assert len(told) == 3
    for record in told:
        said = record["expect"]
        assert modbus.request(record["unit"], said["fc"], said["start"], said["count"]).hex() == record["hex"]


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("senseair-s8 read CO2", (0xFE, modbus.INPUT, 3, 1)),
        ("scd30 request", (0x61, modbus.HOLDING, 0x28, 6)),
        ("pzem-004t v3 request", (1, modbus.INPUT, 0, 10)),
        ("generic RS485 temperature/humidity request", (1, modbus.HOLDING, 0, 2)),
    ],
)
def test_requests_are_those_of_the_makers(name: str, request_: tuple[int, int, int, int]) -> None:
    assert modbus.request(*request_).hex() == _record(name)["hex"]


def test_answers_and_refusals_of_the_vectors_are_cut() -> None:
    for record in shared("modbus_rtu.jsonl"):
        if record.get("role") in ("response", "exception"):
            scan = modbus.answers(record["unit"], modbus.HOLDING, (2,))
            (frame,) = scan.feed(bytes.fromhex(record["hex"]))
            assert modbus.is_refusal(frame) is (record["role"] == "exception")
            assert not scan.rejected
            if not modbus.is_refusal(frame):
                words = [int.from_bytes(modbus.registers(frame)[at : at + 2], "big") for at in (0, 2)]
                assert words == record["expect"]["regs"]


@pytest.mark.parametrize(
    ("why", "heard"),
    [
        ("bad CRC", 0),
        ("stray byte inside the frame", 0),
        ("bad frame then good frame", 1),
        ("stray byte, then good frame", 1),
    ],
)
def test_damaged_vectors_are_counted_and_the_good_frame_behind_is_heard(why: str, heard: int) -> None:
    (record,) = (record for record in shared("modbus_rtu.jsonl") if record.get("why") == why)
    scan = modbus.answers(0, modbus.HOLDING, (2,))
    assert len(list(scan.feed(bytes.fromhex(record["hex"]) + bytes(8)))) == heard
    assert scan.rejected["checksum"] == 1


def test_an_answer_of_another_slave_is_not_taken() -> None:
    scan = modbus.answers(2, modbus.HOLDING, (1,))
    assert list(scan.feed(bytes.fromhex(_record("xunchip wind speed answer")["hex"]))) == []


def test_the_answer_printed_in_a_readme_has_the_crc_of_the_request_and_is_rejected() -> None:
    driver = load("senseair")()
    assert play(driver, [bytes.fromhex(_record("senseair-s8 answer printed in README")["hex"])]) == []
    assert dict(driver.rejected) == {"checksum": 1}


def test_makers_examples_decode() -> None:
    for name, driver in (("senseair-s8 answer 400 ppm", "senseair"), ("scd30 answer", "scd30")):
        record = _record(name)
        (found,) = play(load(driver)(), [bytes.fromhex(record["hex"])])
        golden = {"CO2": "co2", "temp_C": "temperature", "rh": "humidity"}
        expected = {golden[key]: value for key, value in record["expect"].items()}
        assert dict(found.values) == pytest.approx(expected, abs=0.01)
