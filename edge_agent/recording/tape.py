"""The file of a recording: JSON lines, so that it can be read, cut and mended with any editor.

The first line tells the format, the driver with its options, how the line was set and when it began. Each further one
has `t`, the seconds since then, and either `rx` or `tx`, bytes in hexadecimal as they came or went, or `said`, what
the driver made of the bytes before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from drivers.catalogue import load
from drivers.driver import Driver
from drivers.errors import DriverError
from edge_agent.taken import from_json, to_json
from telemetry.errors import BadReading
from telemetry.reading import Measurement

FORMAT = "simpang-recording/1"
_LONGEST_LINE = 64 * 1024


class BadTape(Exception):
    """A file that is no recording; the text names file, line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a recording is of."""

    driver: str
    options: Mapping[str, Any]
    line: str
    began: str

    def made(self) -> Driver:
        """Return a new driver; raises DriverError."""
        return load(self.driver)(**self.options)


@dataclass(frozen=True, slots=True)
class Event:
    """Bytes that came ("rx") or went ("tx"), or what they meant ("said")."""

    number: int
    """The line in the file."""
    seconds: float
    kind: str
    data: bytes = b""
    measurement: Measurement | None = None


class Writer:
    """Writes a recording line by line."""

    def __init__(self, file: TextIO, head: Head, began_ns: int) -> None:
        """Write the first line; times are told since `began_ns`."""
        self._file = file
        self._began = began_ns
        self.is_empty = True
        """Whether no byte passed so far."""
        said = {"format": FORMAT, "driver": head.driver, "options": dict(head.options)}
        self._line(said | {"line": head.line, "began": head.began})

    def bytes_passed(self, way: str, data: bytes, at: int) -> None:
        """Write bytes down."""
        self.is_empty = False
        self._line({"t": self._seconds(at), way: data.hex()})

    def said(self, measurement: Measurement, at: int) -> None:
        """Write down what they meant."""
        self._line({"t": self._seconds(at), "said": json.loads(to_json(measurement))})

    def _seconds(self, at: int) -> float:
        return round((at - self._began) / 1e9, 4)

    def _line(self, said: Mapping[str, object]) -> None:
        self._file.write(json.dumps(said, ensure_ascii=False) + "\n")


def read(path: Path) -> tuple[Head, Iterator[Event]]:
    """Return a recording's head and its events, one by one; raises BadTape, also while they are taken."""
    lines = _lines(path)
    try:
        number, said = next(lines)
    except StopIteration:
        raise BadTape(f"{path}: is empty; is it a recording?") from None
    if said.get("format") != FORMAT:
        raise BadTape(f'{path}: line {number}: a recording begins with {{"format": "{FORMAT}", …}}')
    options = said.get("options", {})
    head = Head(
        str(said.get("driver")),
        options if isinstance(options, dict) else {},
        str(said.get("line", "")),
        str(said.get("began", "")),
    )
    try:
        head.made()
    except DriverError as error:
        raise BadTape(f"{path}: line {number}: {error}") from error
    return head, _events(path, lines)


def _events(path: Path, lines: Iterator[tuple[int, Mapping[str, Any]]]) -> Iterator[Event]:
    for number, said in lines:
        try:
            seconds = float(said["t"])
            if "said" in said:
                yield Event(number, seconds, "said", measurement=from_json(said["said"]))
            else:
                kind = "rx" if "rx" in said else "tx"
                yield Event(number, seconds, kind, bytes.fromhex(said[kind]))
        except (KeyError, TypeError, ValueError, BadReading) as error:
            why = f"{type(error).__name__}: {error}"
            raise BadTape(f"{path}: line {number}: needs t and rx, tx or said ({why})") from error


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open(encoding="utf-8") as opened:
            number = 0
            while line := opened.readline(_LONGEST_LINE):
                number += 1
                said = json.loads(line)
                if not isinstance(said, dict):
                    raise BadTape(f"{path}: line {number}: is no object")
                yield number, said
    except (OSError, UnicodeDecodeError) as error:
        raise BadTape(f"{path}: cannot be read: {error}") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadTape(f"{path}: line {number}: is no JSON: {error}") from error
