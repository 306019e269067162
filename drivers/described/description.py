"""A description becomes a driver: its file is read, every key is checked, and a class is made of it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from drivers.described import keys, registers, text
from drivers.described.value import Value
from drivers.driver import Driver, LineSettings
from drivers.errors import BadDescription, BadOption
from drivers.parts.options import Option, checked

_LARGEST = 64 * 1024
_BUILT_IN = Path(__file__).parent

Part = TypeVar("Part")


def built_in() -> Mapping[str, Path]:
    """Return the descriptions that come with this package, by the names of their drivers."""
    return {file.stem: file for file in sorted(_BUILT_IN.glob("*.toml"))}


def driver(file: Path) -> type[Driver]:
    """Return the driver of the device that a file describes; raises BadDescription."""
    said = _read(file)
    with _placed(file, ""):
        device = checked(keys.DEVICE, said, of="a description")
    with _placed(file, "[line]"):
        line = LineSettings(**checked(keys.LINE, device["line"], of="[line]"))
    if bool(device["modbus"]) == bool(device["text"]) and ("modbus" in said) == ("text" in said):
        raise BadDescription(str(file), "", "it needs either a [modbus] or a [text] table")
    facts = {
        "__doc__": f"Reads what {file.name} describes.",
        "title": device["title"],
        "line": line,
        "tested": device["tested"],
        "interval": float(device["interval"]),
        "sure": device["sure"],
        "power": device["power"],
        "notes": device["notes"],
    }
    if "modbus" in said:
        return _modbus(file, device, facts)
    return _text(file, device, facts)


def _modbus(file: Path, device: Mapping[str, Any], facts: dict[str, object]) -> type[Driver]:
    with _placed(file, "[modbus]"):
        bus = checked(keys.MODBUS, device["modbus"], of="[modbus]")
    found = _values(file, device["value"], keys.REGISTER, registers.register)
    with _placed(file, "[[value]]"):
        facts["blocks"] = registers.blocks(found)
    facts["options"] = (registers.address(bus["address"]),)
    facts["answer_seconds"] = float(bus["answer_seconds"])
    return _made(registers.Modbus, file, facts, [each.value for each in found])


def _text(file: Path, device: Mapping[str, Any], facts: dict[str, object]) -> type[Driver]:
    with _placed(file, "[text]"):
        said = checked(keys.TEXT, device["text"], of="[text]")
        form = text.form(said)
    found = _values(file, device["value"], keys.FIELD, lambda keys: text.field(form, keys))
    facts |= {"form": form, "fields": tuple(found), "has_check": form.check, "request": said["request"].encode()}
    return _made(text.Text, file, facts, [each.value for each in found])


def _values(
    file: Path, said: Sequence[Mapping[str, Any]], known: Sequence[Option], make: Callable[[Mapping[str, Any]], Part]
) -> list[Part]:
    """Return each value of a description; raises BadDescription with its number."""
    found = []
    for number, each in enumerate(said, start=1):
        with _placed(file, f"[[value]] {number}"):
            found.append(make(checked(known, each, of="a value")))
    return found


def _made(base: type[Driver], file: Path, facts: dict[str, object], values: Sequence[Value]) -> type[Driver]:
    quantities = tuple(value.quantity for value in values)
    twice = [value.key for value in values if quantities.count(value.quantity) > 1]
    if twice:
        raise BadDescription(str(file), "[[value]]", f"{twice[0]} is described twice")
    return type(f"Described_{file.stem}", (base,), facts | {"quantities": quantities})


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        why = f"cannot be read: {error.strerror}; check the path and its permissions"
        raise BadDescription(str(file), "", why) from error
    if len(data) > _LARGEST:
        raise BadDescription(str(file), "", f"is larger than {_LARGEST >> 10} KiB; does it describe a device?")
    try:
        return tomllib.loads(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:
        raise BadDescription(str(file), "", f"not TOML in UTF-8: {error}") from error


@contextmanager
def _placed(file: Path, place: str) -> Iterator[None]:
    """Let a wrong key be told with its file and table."""
    try:
        yield
    except BadOption as error:
        raise BadDescription(str(file), place, str(error)) from error
