"""Honeywell HPMA115S0: a laser dust sensor that is asked for PM2.5 and PM10.

Eight bytes: 40 05 04, two big-endian words in µg/m³, and the byte that brings the sum of all to 0. Source: Honeywell's
HPM data sheet 32322550 as in avaldebe/PyPMS; no capture of it is at hand, those of its sister HPMA115C0 are.
"""

from __future__ import annotations

from struct import unpack

from drivers.driver import Driver, LineSettings
from drivers.parts import honeywell
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_AIR = BY_FAMILY[Family.AIR]


class Hpma115s0(Driver):
    """Asks for both masses every five seconds."""

    title = "Honeywell HPMA115S0"
    line = LineSettings(9600)
    quantities = (_AIR["pm2_5"], _AIR["pm10"])
    tested = "data sheet only"
    sure = "A"
    power = "5 V, 80 mA; 3.3 V logic, destroyed by 5 V"
    life = "laser 20,000 h"
    interval = 5.0
    notes = "5 V for the fan, 3.3 V on the data lines, which 5 V destroys. Its answers to the opening count as noise."
    opening = honeywell.OPENING
    request = honeywell.ASK

    def framing(self) -> FrameScanner:
        """Cut answers of eight bytes."""
        return honeywell.answers(b"\x40\x05\x04", 8)

    def read(self, frame: bytes) -> Measurement | str:
        """Return both masses, or the cause why there are none."""
        pm2_5, pm10 = unpack(">2H", frame[3:7])
        if not pm10:
            return "warming-up"
        if max(pm2_5, pm10) > honeywell.HIGHEST:
            return "out-of-device-range"
        return Measurement(Family.AIR, {"pm2_5": pm2_5, "pm10": pm10})
