"""Nova Fitness SDS198: a laser dust sensor for coarse dust that reports PM100 once a second.

Ten bytes: AA CF, two bytes of no use here, PM100 in µg/m³ (low byte first), two bytes of identity, the sum of bytes
2-7, AB. Source: captures (avaldebe/PyPMS). PM100 is particles up to 100 µm, about total suspended particulates (TSP).
"""

from __future__ import annotations

from drivers.driver import Driver, LineSettings
from drivers.parts import nova
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_HIGHEST = 20_000


class Sds198(Driver):
    """Reads PM100 as the sensor reports it."""

    title = "Nova Fitness SDS198"
    line = LineSettings(9600)
    quantities = (BY_FAMILY[Family.AIR]["tsp"],)
    tested = "captures"
    sure = "A"
    power = "5 V; 3.3 V logic"
    life = "laser 8,000 h"
    interval = 1.0
    warm_up = 30.0
    notes = "For dust from works and roads; the air quality index wants PM2.5 and PM10, which it does not tell."

    def framing(self) -> FrameScanner:
        """Cut frames of ten bytes."""
        return nova.reports(b"\xaa\xcf")

    def read(self, frame: bytes) -> Measurement | str:
        """Return the concentration, or the cause why there is none."""
        tsp = int.from_bytes(frame[4:6], "little")
        if not tsp:
            return "warming-up"
        return Measurement(Family.AIR, {"tsp": tsp}) if tsp <= _HIGHEST else "out-of-device-range"
