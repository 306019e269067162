"""Known holes: which readings of which sensor are missing, and why, as readings of the family `gap`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from telemetry.quantity import Family
from telemetry.reading import Measurement

BYTES_PER_READING = 40
"""What a reading is expected to take in a compressed batch, when room is made for it."""

_NAMED = re.compile(rb"^(?!gap,)[^ ]*,sensor=([a-z0-9-]+)[^ ]* [^ ]*seq=(\d+)i ", re.MULTILINE)


class Cause(StrEnum):
    """Why readings are missing."""

    DROPPED = "dropped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Gap:
    """A sensor's missing readings: lowest and highest sequence number, and how many."""

    sensor: str
    cause: Cause
    first: int
    last: int
    count: int

    def measurement(self) -> Measurement:
        """Return the gap as something to commit."""
        values = {"first": self.first, "last": self.last, "count": self.count}
        return Measurement(Family.GAP, values, {"cause": self.cause})


def summarise(bodies: Iterable[bytes], cause: Cause) -> list[Gap]:
    """Return one gap a sensor for the lines in some bodies; lost gap readings open no further gap."""
    numbers: dict[str, list[int]] = {}
    for body in bodies:
        for sensor, seq in _NAMED.findall(body):
            numbers.setdefault(sensor.decode(), []).append(int(seq))
    return [Gap(sensor, cause, min(seen), max(seen), len(seen)) for sensor, seen in numbers.items()]
