"""Plantower PMS5003T: a laser dust sensor that reports PM1, PM2.5 and PM10 with temperature and humidity.

The frame is that of PMS5003 (see drivers/pmsx003.py), but words 11 and 12 hold temperature in 0.1 °C (signed) and
humidity in 0.1 %. The two cannot be told apart by length, header or check: it must be named in the settings. Source:
Plantower's data manual, confirmed by captures (avaldebe/PyPMS).
"""

from __future__ import annotations

from struct import unpack

from drivers.driver import Driver, LineSettings
from drivers.parts import plantower
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_AIR = BY_FAMILY[Family.AIR]


class Pms5003t(Driver):
    """Has the sensor report by itself and reads the atmospheric masses, temperature and humidity."""

    title = "Plantower PMS5003T"
    line = LineSettings(9600)
    quantities = (_AIR["pm1"], _AIR["pm2_5"], _AIR["pm10"], _AIR["temperature"], _AIR["humidity"])
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
        """Return all five values, or the cause why there are none."""
        if not any(frame[4:28]):
            return "warming-up"
        temperature, humidity = unpack(">hH", frame[24:28])
        if not -400 <= temperature <= 990 or humidity > 1000:
            return "out-of-device-range"
        return Measurement(
            Family.AIR, plantower.masses(frame) | {"temperature": temperature / 10, "humidity": humidity / 10}
        )
