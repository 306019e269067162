"""Winsen MH-Z19B: an infrared CO2 sensor that is asked for every value.

Nine bytes: FF 86, CO2 in ppm (high byte first), four bytes of no use here, and the byte that brings the sum of all
but the first to 0. Source: Winsen's MH-Z19B manual, page 7, confirmed by captures (avaldebe/PyPMS).
"""

from __future__ import annotations

from drivers.driver import Driver, LineSettings
from drivers.parts import winsen
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_HIGHEST = 10000


class Mhz19b(Driver):
    """Asks for CO2 every five seconds."""

    title = "Winsen MH-Z19B"
    line = LineSettings(9600)
    quantities = (BY_FAMILY[Family.AIR]["co2"],)
    tested = "captures"
    sure = "A"
    power = "5 V, peaks of 150 mA; 3.3 V logic"
    life = "5 years"
    interval = 5.0
    warm_up = 180.0
    notes = "Values settle 3 minutes after power-on. Self-calibration is left as set in the sensor."
    request = winsen.ASK

    def framing(self) -> FrameScanner:
        """Cut answers of nine bytes."""
        return winsen.answers()

    def read(self, frame: bytes) -> Measurement | str:
        """Return the concentration, or the cause why there is none."""
        co2 = int.from_bytes(frame[2:4], "big")
        if not co2:
            return "warming-up"
        if co2 > _HIGHEST:
            return "out-of-device-range"
        return Measurement(Family.AIR, {"co2": co2})
