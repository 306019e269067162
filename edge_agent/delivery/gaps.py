"""Known holes: which readings of which sensor are missing, and why, as readings of the family `gap`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from telemetry.quantity import Family
from telemetry.reading import Measurement

_NAMED = re.compile(rb",sensor=([a-z0-9-]+)[^ ]* [^ ]*seq=(\d+)i ")
_TOLD = re.compile(
    rb"^gap,[^ ]*,sensor=([a-z0-9-]+),cause=([a-z]+) first=(\d+)i,last=(\d+)i,count=(\d+)i", re.MULTILINE
)


class Cause(StrEnum):
    """Why readings are missing."""

    DROPPED = "dropped"
    THINNED = "thinned"
    """Replaced by means, or by the last of a minute, to make room."""
    REFUSED = "refused"
    DAMAGED = "damaged"
    UNCOMMITTED = "uncommitted"
    """Dropped before they had a number, from memory or undated; the numbers were given to the gap."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A sensor's missing readings: lowest and highest sequence number, and how many."""

    sensor: str
    cause: Cause
    first: int
    last: int
    count: int

    @property
    def is_whole(self) -> bool:
        """Whether every number from first to last is missing."""
        return self.count == self.last - self.first + 1

    def measurement(self) -> Measurement:
        """Return the gap as something to commit."""
        values = {"first": self.first, "last": self.last, "count": self.count}
        return Measurement(Family.GAP, values, {"cause": self.cause})

    def row(self) -> tuple[str, str, int, int, int]:
        """Return the gap as something to keep."""
        return self.sensor, self.cause.value, self.first, self.last, self.count

    @staticmethod
    def of_row(row: tuple[str, str, int, int, int]) -> Gap:
        """Return the gap that was kept; raises ValueError or TypeError."""
        sensor, cause, *numbers = row
        return Gap(sensor, Cause(cause), *numbers)


def merged(gaps: Iterable[Gap]) -> list[Gap]:
    """Return one gap for each sensor and cause."""
    whole: dict[tuple[str, Cause], Gap] = {}
    for gap in gaps:
        known = whole.get((gap.sensor, gap.cause), gap)
        count = gap.count if known is gap else known.count + gap.count
        first, last = min(known.first, gap.first), max(known.last, gap.last)
        whole[gap.sensor, gap.cause] = Gap(gap.sensor, gap.cause, first, last, count)
    return list(whole.values())


def numbered(lines: bytes, cause: Cause) -> list[Gap]:
    """Return one gap a sensor for the numbers of some lines, each with its line feed."""
    return merged(Gap(sensor.decode(), cause, int(seq), int(seq), 1) for sensor, seq in _NAMED.findall(lines))


def told(lines: bytes) -> list[Gap]:
    """Return the gaps that some lines tell."""
    return [
        Gap(sensor.decode(), Cause(cause.decode()), int(first), int(last), int(count))
        for sensor, cause, first, last, count in _TOLD.findall(lines)
    ]
