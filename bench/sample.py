"""The readings that the measurements use: one dust sensor's, and a second of the reference load."""

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


def reference_second(second: int, random: Random) -> list[Reading]:
    """Return one second of the reference load: 20 serial sensors and 4 cameras, a reading each."""
    made = []
    for place in range(24):
        sensor, measurement = _REFERENCE[place % len(_REFERENCE)]
        values = {
            name: value if value == int(value) else round(value + random.uniform(-0.3, 0.3), 1)
            for name, value in measurement.values.items()
        }
        name = f"cam-{place}" if measurement.family is Family.SCENE else f"{sensor}-{place}"
        time = _FIRST + second * 1000 + random.randrange(1000)
        made.append(Reading(name, Measurement(measurement.family, values), time, second))
    return made


_SCENE = Measurement(Family.SCENE, {"measurable": 1, "frames": 10, "skipped": 0, "brightness": 118.5, "contrast": 41.5})
_REFERENCE = (
    ("dust", Measurement(Family.AIR, {"pm2_5": 25.5, "pm10": 40.5})),
    ("co2", Measurement(Family.AIR, {"co2": 450.5, "temperature": 29.5})),
    ("plantower", Measurement(Family.AIR, {"pm1": 10.5, "pm2_5": 24.5, "pm10": 38.5})),
    ("noise", Measurement(Family.NOISE, {"laeq": 68.5, "lamax": 79.5})),
    ("weather", Measurement(Family.WEATHER, {"temperature": 29.5, "humidity": 70.5, "pressure": 1009.5})),
    ("camera", _SCENE),
)


def body(count: int) -> bytes:
    """Return the readings as the lines of a batch."""
    return "".join(format_line(PLACE, reading) + "\n" for reading in readings(count)).encode()
