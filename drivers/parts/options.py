"""What a person may say about a device: in the settings which gas it measures, in a description what its bytes mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any, TypeGuard

from drivers.errors import BadOption

Value = str | int | float
_MANY = 8
"""More words than that are not listed where one is wrong."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of several; without a default it must be given."""

    name: str
    help: str
    words: tuple[str, ...]
    default: str | None = None

    def checked(self, value: object) -> str:
        """Return the value; raises BadOption."""
        if value not in self.words:
            raise BadOption(self.name, f"{value!r:.60} is not {_one_of(str(value), self.words)}")
        return str(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds; without a default it must be given."""

    name: str
    help: str
    low: float
    high: float
    default: float | None = None
    whole: bool = False

    def checked(self, value: object) -> Value:
        """Return the value; raises BadOption."""
        if value == self.default:
            return self.default or 0
        if not _is_finite(value) or not self.low <= value <= self.high or (self.whole and value != int(value)):
            kind = "a whole number" if self.whole else "a number"
            raise BadOption(self.name, f"{_short(value)} is not {kind} from {self.low:.10g} to {self.high:.10g}")
        return int(value) if self.whole else value


@dataclass(frozen=True, slots=True)
class Text:
    """A text of one line; without a default it must be given."""

    name: str
    help: str
    default: str | None = None
    may_be_empty: bool = False

    def checked(self, value: object) -> str:
        """Return the value; raises BadOption."""
        if not isinstance(value, str) or not (value or self.may_be_empty or value == self.default):
            raise BadOption(self.name, f"{_short(value)} is not a text; {self.help}")
        return value


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    name: str
    help: str
    default: bool = False

    def checked(self, value: object) -> bool:
        """Return the value; raises BadOption."""
        if not isinstance(value, bool):
            raise BadOption(self.name, f"{_short(value)} is not true or false; {self.help}")
        return value


@dataclass(frozen=True, slots=True)
class Numbers:
    """A list of numbers, of a certain size where one is given."""

    name: str
    help: str
    default: tuple[float, ...] | None = None
    size: int | None = None

    def checked(self, value: object) -> tuple[float, ...]:
        """Return the value; raises BadOption."""
        if value == self.default:
            return ()
        listed = value if isinstance(value, list) else [None]
        if self.size not in (None, len(listed)) or not all(_is_finite(each) for each in listed):
            raise BadOption(self.name, f"{_short(value)} is not a list of numbers; {self.help}")
        return tuple(listed)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of further options, or several."""

    name: str
    help: str
    default: Mapping[str, object] | None = None
    several: bool = False

    def checked(self, value: object) -> object:
        """Return the value; raises BadOption."""
        tables = value if self.several else [value]
        if not isinstance(tables, list) or not tables or not all(isinstance(table, Mapping) for table in tables):
            raise BadOption(self.name, f"{_short(value)} is not {self.help}")
        return value


Option = Choice | Number | Text | Flag | Numbers | Table


def checked(known: Sequence[Option], said: Mapping[str, object], *, of: str = "this driver") -> dict[str, Any]:
    """Return every option with what was said of it or its default; raises BadOption."""
    names = [option.name for option in known]
    for name in said:
        if name not in names:
            raise BadOption(name, f"{of} has no such option; it has {', '.join(names) or 'none'}")
    chosen: dict[str, Any] = {}
    for option in known:
        value = said.get(option.name, option.default)
        if value is None:
            raise BadOption(option.name, f"must be given: {option.help}")
        chosen[option.name] = option.checked(value)
    return chosen


def _one_of(value: str, words: Sequence[str]) -> str:
    if len(words) <= _MANY:
        return f"one of {', '.join(words)}"
    near = get_close_matches(value, words, n=3)
    return f"known here; did you mean {' or '.join(near)}?" if near else f"known here; there are {', '.join(words)}"


def _is_finite(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _short(value: object) -> str:
    return f"{value!r:.60}"
