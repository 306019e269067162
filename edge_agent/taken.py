"""A measurement as it was taken: by which sensor, at which monotonic time."""

from __future__ import annotations

import json
from dataclasses import dataclass

from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement


@dataclass(frozen=True, slots=True)
class Taken:
    """A measurement, its sensor and the monotonic nanoseconds at which it was taken, before anything else was done."""

    sensor: str
    measurement: Measurement
    at: int


Dated = tuple[str, Measurement, int]
"""A measurement with its sensor and its milliseconds since 1970."""


def to_json(measurement: Measurement) -> str:
    """Return a measurement as JSON, for the spool's waiting room and the camera's process."""
    said = {"family": measurement.family, "values": dict(measurement.values), "labels": dict(measurement.labels)}
    return json.dumps(said | {"quality": int(measurement.quality)})


def from_json(said: dict[str, object]) -> Measurement:
    """Return the measurement in an object; raises BadReading, KeyError, TypeError or ValueError."""
    values, labels = said["values"], said["labels"]
    if not isinstance(values, dict) or not isinstance(labels, dict):
        raise TypeError("values and labels must be objects")
    return Measurement(Family(str(said["family"])), values, labels, Quality(int(str(said["quality"]))))
