"""MaxBotix HRXL-MaxSonar-WR and HRXL-MaxSonar (MB736x, MB738x): ultrasonic rangers for water and snow.

A line R, four digits, CR: the distance in mm. The lowest value, 300, also stands for all that is nearer; the highest,
5000 or 9999 by model, for no target. There is no check: a digit that turned into another is not noticed, a lost or an
added one is. Source: MaxBotix's data sheet PD11500; no captured line is at hand.
"""

from __future__ import annotations

import re

from drivers.driver import Driver, LineSettings
from drivers.parts.framing import LineScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_LINE = re.compile(rb"R(\d{4})")
_LOWEST = 300
_NO_TARGET = frozenset({5000, 9999})


class Maxbotix(Driver):
    """Reads the distance as the sensor reports it."""

    title = "MaxBotix MB736x, MB738x"
    line = LineSettings(9600)
    quantities = (BY_FAMILY[Family.WATER]["distance"],)
    tested = "data sheet only"
    sure = "C"
    power = "2.7 to 5.5 V; TTL (738x) or RS-232 (736x)"
    has_check = False
    interval = 0.15
    notes = "MB738x speak TTL, MB736x RS-232. Many models invert the line: then garbage comes, not silence."

    def framing(self) -> LineScanner:
        """Cut lines."""
        return LineScanner(16)

    def read(self, frame: bytes) -> Measurement | str:
        """Return the distance in m, or the cause why there is none."""
        said = _LINE.fullmatch(frame)
        if said is None:
            return "format"
        distance = int(said[1])
        if distance in _NO_TARGET:
            return "no-target"
        return (
            Measurement(Family.WATER, {"distance": distance / 1000}) if distance >= _LOWEST else "out-of-device-range"
        )
