"""A device that says lines of text, as Arduino and ESP boards do: CSV, JSON or key=value, as its description tells.

Such a board says other things too when it starts: a line of another form is "format", and a field that is empty, no
number, or NaN is no value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from drivers.described.value import Value, measurements, value
from drivers.driver import Driver
from drivers.errors import BadOption
from drivers.parts.checksum import xor8
from drivers.parts.framing import LineScanner
from telemetry.reading import Measurement

_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][+-]?\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Field:
    """Where in a line a value stands: a column of csv, or a key."""

    value: Value
    column: int
    key: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a line says nothing."""

    word: str


@dataclass(frozen=True, slots=True)
class Form:
    """What a line of values looks like."""

    format: str
    separator: str
    decimal: str
    prefix: str
    check: bool
    longest: int

    @property
    def may_be_cut(self) -> bool:
        """Whether a line that lost its beginning looks like a whole one."""
        return self.format != "json" and not self.prefix and not self.check


class Text(Driver):
    """Reads each line for the values that are described, and leaves the rest."""

    form: ClassVar[Form]
    fields: ClassVar[tuple[Field, ...]]

    def __init__(self, **said: object) -> None:
        """Start with nothing heard; raises BadOption."""
        super().__init__(**said)
        self._may_be_cut = self.form.may_be_cut

    def reopened(self) -> None:
        """Forget what was half-heard, and do not believe a first line whose beginning may be lost."""
        super().reopened()
        self._may_be_cut = self.form.may_be_cut

    def framing(self) -> LineScanner:
        """Cut lines."""
        return LineScanner(self.form.longest)

    def read(self, frame: bytes) -> tuple[Measurement, ...] | str | None:
        """Return a line's values, or the cause why there are none."""
        if self._may_be_cut:
            self._may_be_cut = False
            return "distrusted"
        line = _line(self.form, frame)
        return line.word if isinstance(line, Cause) else self._values(line)

    def _values(self, line: str) -> tuple[Measurement, ...] | str | None:
        said = _fields(self.form, line)
        if said is None or (self.form.format == "csv" and len(said) < max(field.column for field in self.fields)):
            return "format"
        return measurements(
            (field.value.quantity, self._value(field, said.get(field.key or str(field.column))))
            for field in self.fields
        )

    def _value(self, field: Field, said: str | None) -> float | str | None:
        if said is None:
            return "format"
        number = said.strip()
        if self.form.decimal == ",":
            number = number.replace(",", ".")
        if not _NUMBER.fullmatch(number):
            return "error-code"
        return field.value.read(float(number), self.memory)


def _line(form: Form, frame: bytes) -> str | Cause:
    """Return what a line says behind its prefix, or the cause why it is none of those with values."""
    if len(frame) >= form.longest:
        return Cause("length")
    try:
        line = frame.decode()
    except UnicodeDecodeError:
        return Cause("format")
    if form.check:
        line, star, check = line.rpartition("*")
        if not star or check.upper() != f"{xor8(line.lstrip('$').encode()):02X}":
            return Cause("checksum")
    return line.removeprefix(form.prefix) if line.startswith(form.prefix) else Cause("format")


def _fields(form: Form, line: str) -> Mapping[str, str] | None:
    """Return what stands in each field of a line, by its key or its column; None if it has not the form."""
    if form.format == "json":
        return _of_json(line)
    parts = line.split(form.separator)
    if form.format == "csv":
        return {str(column): part for column, part in enumerate(parts, start=1)} if len(parts) > 1 else None
    pairs = [part.partition("=") for part in parts]
    return {key.strip(): said for key, equals, said in pairs if equals} or None


def _of_json(line: str) -> Mapping[str, str] | None:
    try:
        said = json.loads(line, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return dict(_leaves(said, "")) if isinstance(said, dict) else None


def _leaves(said: Mapping[str, object], above: str) -> list[tuple[str, str]]:
    """Return the numbers of an object by their keys, those of objects within it one level deep."""
    found: list[tuple[str, str]] = []
    for key, inner in said.items():
        if isinstance(inner, dict) and not above:
            found += _leaves(inner, f"{key}.")
        elif isinstance(inner, str):
            found.append((above + key, inner))
    return found


def field(form: Form, said: Mapping[str, Any]) -> Field:
    """Return the field that checked keys describe; raises BadOption."""
    needed, other = ("column", "key") if form.format == "csv" else ("key", "column")
    if not said[needed] or said[other]:
        raise BadOption(
            needed if not said[needed] else other, f"a value of {form.format} has a {needed}, and no {other}"
        )
    return Field(value(said), said["column"], said["key"])


def form(said: Mapping[str, Any]) -> Form:
    """Return the form that checked keys describe; raises BadOption."""
    if said["decimal"] == "," and said["separator"] == "," and said["format"] != "json":
        raise BadOption("separator", 'numbers with a decimal comma need another, like separator = ";"')
    return Form(
        said["format"], said["separator"], said["decimal"], said["prefix"], said["check"] == "xor", said["longest"]
    )
