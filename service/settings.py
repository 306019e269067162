"""Strict TOML settings: unknown keys refused, every error named at once with its line, reason and remedy."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from service.places import Place, line_of, lines_of_keys
from telemetry.errors import BadName
from telemetry.names import checked_name

_LARGEST = 1 << 20
"""Bytes of a settings file: ten thousand agents with a name and place each take about half of them."""

_CURE_OF_TOML = "text values need quotes, each key stands once, a table that may stand several times is [[so]]"


class Section(BaseModel):
    """A table of a settings file: immutable, and nothing in it that its class does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def faults(cls, said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
        """Return what is wrong between keys of this table as it was written, each with its place in it; none here.

        Not a pydantic validator, for these are skipped as soon as one key is wrong by itself.
        """
        del said
        return ()

    def notes(self) -> Iterable[str]:
        """Return what is allowed and will most likely not work as it stands; none here."""
        return ()


Settings = TypeVar("Settings", bound=Section)


class BadSettings(Exception):
    """A settings file that a person must mend; each fault is one line with place, reason and remedy."""

    def __init__(self, file: Path, faults: list[str]) -> None:
        """Keep the file and its faults."""
        self.file = file
        self.faults = faults
        count = "1 error" if len(faults) == 1 else f"{len(faults)} errors"
        super().__init__("\n".join([f"{file}: {count}", *(f"  {fault}" for fault in faults)]))


def _name(value: str) -> str:
    try:
        return checked_name(value)
    except BadName as error:
        raise ValueError(str(error)) from error


Name = Annotated[str, AfterValidator(_name)]
"""A site, agent, sensor, line or direction."""


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError(f"{str(path)!r} hangs on the folder in which the program is started; begin it with /")
    return path


FullPath = Annotated[Path, AfterValidator(_absolute)]
"""A file's path from the root."""


def is_seen(file: Path) -> bool:
    """Tell whether a file is there for this user to see; `Path.exists` raises where a folder hides it."""
    try:
        file.stat()
    except (OSError, ValueError):
        return False
    return True


def load(file: Path, model: type[Settings]) -> Settings:
    """Return the checked settings in a file; raises BadSettings with every error at once."""
    try:
        with file.open("rb") as opened:
            said = opened.read(_LARGEST + 1)
    except OSError as error:
        raise BadSettings(file, [f"cannot be read: {error.strerror}; check the path and its permissions"]) from error
    if len(said) > _LARGEST:
        raise BadSettings(file, [f"is larger than {_LARGEST >> 20} MiB; is it the settings file?"])
    try:
        text = said.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise BadSettings(file, [f"byte {error.start} is not UTF-8; save the file as UTF-8 text"]) from error
    return parse(file, text, model)


def parse(file: Path, text: str, model: type[Settings]) -> Settings:
    """Return the checked settings in a text; raises BadSettings with every error at once."""
    try:
        said = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadSettings(file, [f"not TOML: {error}; {_CURE_OF_TOML}"]) from error
    faults = list(_between_keys(model, said, ()))
    try:
        settings = model.model_validate(said)
    except ValidationError as error:
        faults += [_explained(e, model) for e in error.errors()]
    if faults:
        keys = lines_of_keys(text)
        placed = sorted((line_of(place, keys), why) for place, why in faults)
        raise BadSettings(file, [f"line {line}: {why}" for line, why in placed])
    return settings


def _between_keys(model: type[Section], said: Mapping[str, Any], place: Place) -> Iterable[tuple[Place, str]]:
    """Return the faults of a table and of all tables in it; a union's members have none."""
    for at, why in model.faults(said):
        yield (*place, *at), f"{shown((*place, *at))}: {why}"
    for name, field in model.model_fields.items():
        key = field.alias or name
        holders = _models(field.annotation)
        if len(holders) == 1:
            for within, entry in entries(said, key):
                yield from _between_keys(holders[0], entry, (*place, *within))


def entries(said: Mapping[str, Any], key: str) -> Iterable[tuple[Place, Mapping[str, Any]]]:
    """Return the tables of a key as it was written, one or an array of them, each with its place."""
    found = said.get(key)
    if isinstance(found, dict):
        yield (key,), found
    for index, entry in enumerate(found if isinstance(found, list) else ()):
        if isinstance(entry, dict):
            yield (key, index), entry


def shown(place: Place) -> str:
    """Return a place as people write it, array elements counted from 1."""
    return ".".join(f"[{part + 1}]" if isinstance(part, int) else part for part in place).replace(".[", "[")


def _explained(error: ErrorDetails, model: type[BaseModel]) -> tuple[Place, str]:
    """Return an error's place in the file, and place, reason and remedy for a person."""
    place, holder = _located(error["loc"], model)
    return place, f"{shown(place) or 'file'}: {_reason(error, str(place[-1]) if place else '', holder)}"


def _reason(error: ErrorDetails, key: str, holder: type[BaseModel] | None) -> str:
    said = error["msg"]
    match error["type"]:
        case "extra_forbidden":
            return f"unknown key; {_nearest(key, holder)}"
        case "missing":
            return f"missing; {_description(key, holder)}"
        case "value_error":
            return said.removeprefix("Value error, ")
        case _:
            return f"{said[:1].lower()}{said[1:]}, not {_quoted(error['input'])}; {_description(key, holder)}"


def _quoted(value: object) -> str:
    try:
        return f"{value!r:.60}"
    except ValueError:
        return "a number of thousands of digits"


def _located(loc: Place, model: type[BaseModel]) -> tuple[Place, type[BaseModel] | None]:
    """Return an error's place in the file and the model that holds its last key.

    Lists and optional values are followed; for a union pydantic puts in the member's kind, which is no place.
    """
    place: Place = ()
    holders = [model]
    for part in loc[:-1]:
        if isinstance(part, int):
            place = (*place, part)
        elif fields := [f for h in holders for name, f in h.model_fields.items() if part in (name, f.alias)]:
            place = (*place, part)
            holders = [h for f in fields for h in _models(f.annotation)]
        else:
            holders = [h for h in holders if any(part in get_args(f.annotation) for f in h.model_fields.values())]
    return (*place, *loc[-1:]), next(iter(holders), None)


def _models(annotation: Any) -> list[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [model for arg in get_args(annotation) for model in _models(arg)]


def _known(holder: type[BaseModel] | None) -> Mapping[str, str]:
    if holder is None:
        return {}
    return {field.alias or name: field.description or "" for name, field in holder.model_fields.items()}


def _nearest(key: str, holder: type[BaseModel] | None) -> str:
    known = _known(holder)
    near = difflib.get_close_matches(key, known, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"{meant}known here: {', '.join(known)}"


def _description(key: str, holder: type[BaseModel] | None) -> str:
    return _known(holder).get(key) or "see the annotated example in configs/"
