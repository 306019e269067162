"""Checks a whole batch against the schema; what fails is split off line by line with a reason, the rest goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from telemetry.ack import DeadLine
from telemetry.catalogue import BY_FAMILY
from telemetry.names import is_name
from telemetry.quantity import LABELS, Family
from telemetry.reading import Place
from telemetry.schema import BODY, FLOAT, LINE, SENSORS, TIME, TIMES, WHOLE

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Row times from one to another, in nanoseconds since 1970, both ends included."""

    oldest: int
    newest: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The lines that passed, unchanged and in their order, the sensors they name, and the lines that did not pass."""

    body: bytes
    numbers: tuple[int, ...]
    """The place of each good line in the batch, counted from 1."""
    sensors: frozenset[str]
    dead: tuple[DeadLine, ...] = ()


def check(place: Place, body: bytes, window: TimeWindow) -> Checked:
    """Return what of a batch's body may be stored as said by this place (the topic's, never the payload's)."""
    if BODY.fullmatch(body) and _all_from(place, body) and _all_within(window, body):
        return Checked(body, tuple(range(1, body.count(b"\n") + 1)), _sensors(body))
    return _split(place, body, window)


def _all_from(place: Place, body: bytes) -> bool:
    return body.count(_origin(place)) == body.count(b"\n")


def _origin(place: Place) -> bytes:
    return f",site={place.site},agent={place.agent},sensor=".encode()


def _all_within(window: TimeWindow, body: bytes) -> bool:
    said = span(body)
    return said is not None and window.oldest <= said.oldest and said.newest <= window.newest


def span(body: bytes) -> TimeWindow | None:
    """Return the oldest and newest row times that a body's lines name, None if none does."""
    times = TIMES.findall(body)
    return TimeWindow(int(min(times)), int(max(times))) if times else None


def _sensors(body: bytes) -> frozenset[str]:
    return frozenset(name.decode() for name in set(SENSORS.findall(body)))


def _split(place: Place, body: bytes, window: TimeWindow) -> Checked:
    """Judge each line alone."""
    good: list[tuple[int, bytes]] = []
    dead: list[DeadLine] = []
    for number, line in enumerate(_lines(body), start=1):
        why = reason(place, line, window)
        if why is None:
            good.append((number, line))
        else:
            dead.append(DeadLine(number, why))
    passed = b"".join(line for _, line in good)
    return Checked(passed, tuple(number for number, _ in good), _sensors(passed), tuple(dead))


def _lines(body: bytes) -> Iterator[bytes]:
    return (part + b"\n" for part in body.split(b"\n")[:-1])


def reason(place: Place, line: bytes, window: TimeWindow) -> str | None:
    """Return why a line (with its line feed) may not be stored, None if it may."""
    if LINE.fullmatch(line) is None:
        return _grammar_fault(line)
    if not _all_from(place, line):
        return f"its site or agent is not that of the topic ({place.site}/{place.agent})"
    if not _all_within(window, line):
        return f"its time {line.rsplit(b' ', 1)[1].strip().decode()} lies outside what is believed"
    return None


def _grammar_fault(line: bytes) -> str:
    """Name the first part of a line that the schema does not know, for a person to read."""
    match line.strip(b"\n").decode("utf-8", "backslashreplace").split(" "):
        case [tags, fields, time]:
            measurement, *rest = tags.split(",")
            if measurement not in set(Family):
                return f"unknown measurement {measurement[:_SHOWN]!r}"
            family = Family(measurement)
            return _label_fault(family, rest) or _field_fault(family, fields) or _time_fault(time)
        case parts:
            return f"a line has 3 parts divided by spaces, this one {len(parts)}"


def _label_fault(family: Family, tags: list[str]) -> str | None:
    known = ("site", "agent", "sensor", *LABELS[family])
    for tag in tags:
        name, _, value = tag.partition("=")
        if name not in known:
            return f"{family} has no label {name[:_SHOWN]!r}"
        if not is_name(value):
            return f"label {name}={value[:_SHOWN]!r} is not a name"
    return None


def _field_fault(family: Family, fields: str) -> str | None:
    for field in fields.split(","):
        name, _, value = field.partition("=")
        if name in ("quality", "seq"):
            continue
        if name not in BY_FAMILY[family]:
            return f"{family} has no quantity {name[:_SHOWN]!r}"
        whole = BY_FAMILY[family][name].whole
        if re.fullmatch(WHOLE if whole else FLOAT, value.encode()) is None:
            return f"{name}={value[:_SHOWN]!r} is not a finite {'whole' if whole else 'decimal'} number"
    return None


def _time_fault(time: str) -> str:
    if re.fullmatch(TIME, time.encode()) is None:
        return f"time {time[:_SHOWN]!r} is not 19 digits of nanoseconds"
    return "tags, fields, quality and seq are not in their canonical order"
