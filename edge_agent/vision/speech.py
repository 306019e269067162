"""What the process says to its parent: one JSON object a line on standard output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from edge_agent.vision.analytics import Said
from edge_agent.vision.mailbox import Event
from telemetry.catalogue import BY_FAMILY


def measurement(said: Said) -> bytes:
    """Return a measurement with its time in monotonic nanoseconds."""
    known = BY_FAMILY[said.measurement.family]
    values = {name: int(value) if known[name].whole else value for name, value in said.measurement.values.items()}
    return _line(
        {
            "kind": "measurement",
            "family": said.measurement.family.value,
            "values": values,
            "labels": dict(said.measurement.labels),
            "quality": int(said.measurement.quality),
            "at": said.at,
        }
    )


def state(event: Event) -> bytes:
    """Return what has become of the stream."""
    return _line({"kind": "state", "state": event.state.value, "why": event.why})


def beat(frames: int, frame_age: float) -> bytes:
    """Return the sign of life: pictures analysed so far, and the age of the newest in seconds."""
    return _line({"kind": "beat", "frames": frames, "frame_age": round(frame_age, 3)})


def _line(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"
