"""Known holes: which readings of which sensor are missing, and why, as readings of the family `gap`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from telemetry.quantity import Family
from telemetry.reading import Measurement

_NAMED = re.compile(rb"^(?!gap,)[^ ]*,sensor=([a-z0-9-]+)[^ ]* [^ ]*seq=(\d+)i ", re.MULTILINE)


class Cause(StrEnum):
    """Why readings are missing."""

    DROPPED = "dropped"
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

    def measurement(self) -> Measurement:
        """Return the gap as something to commit."""
        values = {"first": self.first, "last": self.last, "count": self.count}
        return Measurement(Family.GAP, values, {"cause": self.cause})


def merged(gaps: Iterable[Gap]) -> list[Gap]:
    """Return one gap for each sensor and cause."""
    whole: dict[tuple[str, Cause], Gap] = {}
    for gap in gaps:
        known = whole.get((gap.sensor, gap.cause), gap)
        count = gap.count if known is gap else known.count + gap.count
        first, last = min(known.first, gap.first), max(known.last, gap.last)
        whole[gap.sensor, gap.cause] = Gap(gap.sensor, gap.cause, first, last, count)
    return list(whole.values())


def summarise(bodies: Iterable[bytes], cause: Cause) -> list[Gap]:
    """Return one gap a sensor for the lines in some bodies; refused gap readings open no further gap."""
    named = (found for body in bodies for found in _NAMED.findall(body))
    return merged(Gap(sensor.decode(), cause, int(seq), int(seq), 1) for sensor, seq in named)


def contents(before: Mapping[str, int], after: Mapping[str, int], said: Iterable[tuple[str, Measurement]]) -> bytes:
    """Return what to keep beside a batch so that its loss can be told: its own numbers, and the gaps that it tells."""
    own = [(sensor, before.get(sensor, 0), n - 1) for sensor, n in after.items() if n > before.get(sensor, 0)]
    told = [
        (sensor, m.labels["cause"], int(m.values["first"]), int(m.values["last"]), int(m.values["count"]))
        for sensor, m in said
        if m.family is Family.GAP
    ]
    return json.dumps({"own": own, "told": told}).encode()


def lost(kept: bytes, cause: Cause) -> list[Gap]:
    """Return the gaps that the loss of a batch leaves, given its contents; none if these are damaged too."""
    try:
        said = json.loads(kept)
        own = [Gap(sensor, cause, first, last, last - first + 1) for sensor, first, last in said["own"]]
        return own + [Gap(sensor, Cause(why), *numbers) for sensor, why, *numbers in said["told"]]
    except (ValueError, TypeError, KeyError):
        return []
