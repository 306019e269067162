"""Winsen ZH03B and ZH06: laser dust sensors that are told to be asked, for PM1, PM2.5 and PM10.

Nine bytes: FF 86, PM2.5, PM10 and PM1 as big-endian words in µg/m³, and the byte that brings the sum of all but the
first to 0. Source: Winsen's ZH03B manual as in avaldebe/PyPMS, seen nowhere else (grade B); no capture is at hand.
MH-Z19B answers in the same frame, so the two are told apart by what they are asked to measure, not by the wire.
"""

from __future__ import annotations

from struct import unpack

from drivers.driver import Driver, LineSettings
from drivers.parts import winsen
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_AIR = BY_FAMILY[Family.AIR]
_HIGHEST = 1000
_WAKE = bytes.fromhex("ff01a7000000000058")


class Zh03b(Driver):
    """Asks for all three masses every five seconds."""

    title = "Winsen ZH03B, ZH06"
    line = LineSettings(9600)
    quantities = (_AIR["pm1"], _AIR["pm2_5"], _AIR["pm10"])
    tested = "data sheet only"
    sure = "B"
    power = "5 V, 120 mA; 3.3 V logic"
    life = "laser 3 years"
    interval = 5.0
    warm_up = 30.0
    notes = "5 V for the fan, 3.3 V on the data lines. Its answers to the opening count as noise."
    wake = _WAKE
    sleep = bytes.fromhex("ff01a7010000000057")
    opening = _WAKE + winsen.BE_ASKED
    request = winsen.ASK

    def framing(self) -> FrameScanner:
        """Cut answers of nine bytes."""
        return winsen.answers()

    def read(self, frame: bytes) -> Measurement | str:
        """Return the three masses, or the cause why there are none."""
        pm2_5, pm10, pm1 = unpack(">3H", frame[2:8])
        if not pm10:
            return "warming-up"
        if max(pm1, pm2_5, pm10) > _HIGHEST:
            return "out-of-device-range"
        return Measurement(Family.AIR, {"pm1": pm1, "pm2_5": pm2_5, "pm10": pm10})
