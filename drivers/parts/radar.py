"""What radars share: samples of one target's speed, which the agent joins into crossings."""

from __future__ import annotations

from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

QUANTITIES = (BY_FAMILY[Family.CROSSING]["speed"],)

_FASTEST = 300


def sample(speed: float) -> Measurement | str:
    """Return a sample of a speed in km/h, positive towards the radar, 0 where nothing moves; or the cause."""
    if abs(speed) > _FASTEST:
        return "out-of-device-range"
    direction = {"direction": "in" if speed > 0 else "out"} if speed else {}
    return Measurement(Family.CROSSING, {"speed": round(abs(speed), 2)}, direction)
