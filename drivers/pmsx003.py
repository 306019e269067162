"""Plantower PMS1003, PMS5003, PMS7003 and PMSA003: laser dust sensors that report PM1, PM2.5 and PM10.

Thirty-two bytes: 42 4D, length 001C, thirteen big-endian words, the 16-bit sum of all bytes before it. Words 1-3 are
masses under factory conditions, words 4-6 (read here) under atmospheric ones, in µg/m³; words 7-12 are counts.
Source: Plantower's data manuals, confirmed by captures (avaldebe/PyPMS). PMS5003T has the same header and length and
cannot be told apart: its masses are right here, its temperature and humidity (in place of two counts) are not read.
The shorter frames of PMS3003, and a PMS's answer to the opening, count as "length".
"""

from __future__ import annotations

from drivers.driver import Driver, LineSettings
from drivers.parts import plantower
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_AIR = BY_FAMILY[Family.AIR]


class Pmsx003(Driver):
    """Has the sensor report by itself and reads the atmospheric masses."""

    title = "Plantower PMS1003, PMS5003, PMS7003, PMSA003"
    line = LineSettings(9600)
    quantities = (_AIR["pm1"], _AIR["pm2_5"], _AIR["pm10"])
    tested = "captures"
    sure = "A"
    power = "5 V, 100 mA; 3.3 V logic"
    life = "laser 3 years"
    interval = 2.3
    warm_up = 30.0
    notes = "5 V for the fan, 3.3 V on the data lines. Values settle 30 s after the fan starts."
    wake = plantower.WAKE
    sleep = plantower.SLEEP
    query = plantower.READ
    looks_like = ("hpma115c0", "hpma115s0")
    opening = plantower.WAKE + plantower.ACTIVE

    def framing(self) -> FrameScanner:
        """Cut frames of thirty-two bytes."""
        return plantower.reports(32)

    def read(self, frame: bytes) -> Measurement | str:
        """Return the three masses, or the cause why there are none."""
        if not any(frame[4:28]):
            return "warming-up"
        return Measurement(Family.AIR, plantower.masses(frame))
