"""The readings that the measurements use: six quantities of air each, a second apart."""

from __future__ import annotations

from random import Random

from telemetry.line import format_line
from telemetry.quantity import Family
from telemetry.reading import Measurement, Place, Reading

PLACE = Place("simpang-empat", "se-1")
BATCH = 100
_FIRST = 1_795_000_000_000


def readings(count: int, seed: int = 1) -> list[Reading]:
    """Return readings whose values wander as a real sensor's do, with its number of decimals."""
    random = Random(seed)
    level = {"pm1": 10.0, "pm2_5": 25.0, "pm10": 40.0, "co2": 450.0, "temperature": 29.0, "humidity": 70.0}
    made = []
    for seq in range(count):
        level = {name: round(value + random.uniform(-0.3, 0.3), 1) for name, value in level.items()}
        time = _FIRST + seq * 1000 + random.randrange(20)
        made.append(Reading("dust", Measurement(Family.AIR, dict(level)), time, seq))
    return made


def body(count: int) -> bytes:
    """Return the readings as the lines of a batch."""
    return "".join(format_line(PLACE, reading) + "\n" for reading in readings(count)).encode()
