"""Readings: the values of one sensor at one instant, immutable and checked when made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from telemetry.catalogue import BY_FAMILY
from telemetry.errors import BadReading
from telemetry.names import checked_name, is_name
from telemetry.quality import Quality
from telemetry.quantity import LABELS, Family

_TIME_END = 2**63 // 10**6
"""Milliseconds; from then on (the year 2262) nanoseconds overflow in every store."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where readings come from: a site and the agent on it."""

    site: str
    agent: str

    def __post_init__(self) -> None:
        """Refuse what is not a name (BadName)."""
        checked_name(self.site)
        checked_name(self.agent)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a driver or the analytics say, before it has a sensor, a time and a number.

    Raises BadReading for a quantity or label that the family lacks, no value at all, a number that is not finite or
    a fraction where whole numbers belong. A value outside its believable range sets the quality bit by itself.
    """

    family: Family
    values: Mapping[str, float]
    labels: Mapping[str, str] = field(default_factory=dict)
    quality: Quality = Quality.GOOD

    def __post_init__(self) -> None:
        """Check labels and values, and mark what is out of range."""
        if not self.values:
            raise BadReading(f"a reading of {self.family} needs at least one value")
        _check_labels(self.family, self.labels)
        believable = [_checked(self.family, name, value) for name, value in self.values.items()]
        if not all(believable):
            object.__setattr__(self, "quality", self.quality | Quality.OUT_OF_RANGE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A measurement with its sensor, its time in milliseconds since 1970 and its number in the spool's life."""

    sensor: str
    measurement: Measurement
    time: int
    seq: int

    def __post_init__(self) -> None:
        """Refuse what is not a name (BadName), and times or numbers that no row key can hold (BadReading)."""
        checked_name(self.sensor)
        if not 0 <= self.time < _TIME_END:
            raise BadReading(f"time {self.time} is not in milliseconds since 1970")
        if not 0 <= self.seq < 10**18:
            raise BadReading(f"sequence number {self.seq} is out of range")


def _check_labels(family: Family, labels: Mapping[str, str]) -> None:
    for name, value in labels.items():
        if name not in LABELS[family]:
            raise BadReading(f"{family} has no label {name!r}; it has {', '.join(LABELS[family]) or 'none'}")
        if not is_name(value):
            raise BadReading(f"label {name}={value!r} of {family} is not a name")


def _checked(family: Family, name: str, value: float) -> bool:
    """Return whether the value is believable; raise BadReading where it cannot be a value at all."""
    quantity = BY_FAMILY[family].get(name)
    if quantity is None:
        raise BadReading(f"{family} has no quantity {name!r}; it has {', '.join(BY_FAMILY[family])}")
    if abs(value) >= 10**15 or not isfinite(value):
        raise BadReading(f"{family} {name}={value} is not a number that can be stored")
    if quantity.whole and value != int(value):
        raise BadReading(f"{family} {name}={value} must be a whole number")
    return quantity.believable(value)
