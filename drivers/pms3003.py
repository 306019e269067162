"""Plantower PMS3003 (G3): a laser dust sensor that reports PM1, PM2.5 and PM10.

Twenty-four bytes: 42 4D, length 0014, nine big-endian words, the 16-bit sum of all bytes before it. Words 1-3 are
masses under factory conditions, words 4-6 (read here) under atmospheric ones, in µg/m³. Source: captures
(avaldebe/PyPMS). It takes no commands for reporting: it reports from power-on. Its captured frames hold zeros only in
clean air, with a model byte beside them; a frame without that byte too is one of a sensor that warms up.
"""

from __future__ import annotations

from drivers.driver import Driver, LineSettings
from drivers.parts import plantower
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_AIR = BY_FAMILY[Family.AIR]


class Pms3003(Driver):
    """Reads the atmospheric masses."""

    title = "Plantower PMS3003"
    line = LineSettings(9600)
    quantities = (_AIR["pm1"], _AIR["pm2_5"], _AIR["pm10"])
    tested = "captures"
    sure = "A"
    power = "5 V, 120 mA; 3.3 V logic"
    life = "laser 3 years"
    interval = 2.3
    warm_up = 30.0
    notes = "5 V for the fan, 3.3 V on the data lines. Values settle 30 s after the fan starts."

    def framing(self) -> FrameScanner:
        """Cut frames of twenty-four bytes."""
        return plantower.reports(24)

    def read(self, frame: bytes) -> Measurement | str:
        """Return the three masses, or the cause why there are none."""
        if not any(frame[4:22]):
            return "warming-up"
        return Measurement(Family.AIR, plantower.masses(frame))
