"""What a technician may have to say about a device beyond its port: which gas a module measures, which slave it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.errors import BadOption

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of several; without a default it must be given."""

    name: str
    help: str
    words: tuple[str, ...]
    default: str | None = None

    def checked(self, value: object) -> Value:
        """Return the value; raises BadOption."""
        if value not in self.words:
            raise BadOption(self.name, f"{value!r} is not one of {', '.join(self.words)}")
        return str(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds; without a default it must be given."""

    name: str
    help: str
    low: float
    high: float
    default: float | None = None

    def checked(self, value: object) -> Value:
        """Return the value; raises BadOption."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise BadOption(self.name, f"{value!r} is not a number from {self.low:g} to {self.high:g}")
        return value


Option = Choice | Number


def checked(known: Sequence[Option], said: Mapping[str, object]) -> dict[str, Value]:
    """Return every option with what was said of it or its default; raises BadOption."""
    names = [option.name for option in known]
    for name in said:
        if name not in names:
            raise BadOption(name, f"this driver has no such option; it has {', '.join(names) or 'none'}")
    chosen: dict[str, Value] = {}
    for option in known:
        value = said.get(option.name, option.default)
        if value is None:
            raise BadOption(option.name, f"must be given: {option.help}")
        chosen[option.name] = option.checked(value)
    return chosen
