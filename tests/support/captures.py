"""Captured bytes and what they mean: the project's own small ones, and the large public ones where they are present."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.catalogue import load
from drivers.driver import Driver
from telemetry.reading import Measurement

OWN = Path(__file__).parents[1] / "captures"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "serial"

Values = frozenset[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Capture:
    """One frame with its values, or the cause of its rejection, or neither if it is of no interest."""

    name: str
    data: bytes
    expect: Mapping[str, float] | None
    cause: str | None


class FromZero(dict[str, float]):
    """A memory in which every count before was 0, so that a counter's frame means the same whatever came before."""

    def get(self, key: str, default: object = None) -> float:  # type: ignore[override]  # nothing is ever absent
        return 0.0

    def __setitem__(self, key: str, value: float) -> None:
        pass


def made(name: str) -> Driver:
    """Return a new driver, with the options that its captures were taken with, whose counters begin at 0 each time."""
    driver = load(name)
    new = driver(**driver.example)
    new.memory = FromZero()
    return new


def own(driver: str) -> list[Capture]:
    """Return the project's own captures of a driver, empty if it has none."""
    path = OWN / f"{driver}.jsonl"
    return [_capture(json.loads(line)) for line in path.read_text().splitlines()] if path.is_file() else []


def sound(driver: str) -> list[Capture]:
    """Return the own captures that hold values."""
    return [capture for capture in own(driver) if capture.expect is not None]


def shared(file: str) -> list[dict[str, Any]]:
    """Return the records of a public capture file; skips the test where it is absent."""
    return [json.loads(line) for line in shared_text(file).splitlines()]


def shared_text(file: str) -> str:
    """Return a public capture file as it is, line ends included; skips the test where it is absent."""
    path = SHARED / file
    if not path.is_file():
        pytest.skip(f"the public captures are not here: {path}")
    return path.read_bytes().decode("latin-1")


def play(driver: Driver, pieces: Iterable[bytes]) -> list[Measurement]:
    """Feed a driver as its line would: a polled one is asked before each piece."""
    heard = []
    for piece in pieces:
        driver.poll()
        heard += driver.feed(piece)
    return heard


def values(measurement: Measurement) -> Values:
    """Return the values of a measurement in a form that a set can hold."""
    return frozenset(measurement.values.items())


def lossy(data: bytes, draws: Iterable[float], share: float) -> bytes:
    """Return the bytes without those whose draw falls into the lost share."""
    return bytes(byte for byte, draw in zip(data, draws, strict=False) if draw >= share)


def _capture(record: dict[str, Any]) -> Capture:
    data = bytes.fromhex(record["hex"]) if "hex" in record else record["text"].encode("latin-1")
    return Capture(record["name"], data, record.get("expect"), record.get("cause"))
