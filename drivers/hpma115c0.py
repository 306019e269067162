"""Honeywell HPMA115C0: a laser dust sensor that is asked for PM1, PM2.5, PM4 and PM10.

Sixteen bytes: 40 0D 04, four big-endian words in µg/m³, four bytes of no use here, and the byte that brings the sum of
all to 0. Source: Honeywell's HPM data sheet 32322550 and captures (avaldebe/PyPMS). After power-on it reports by
itself in frames that are Plantower's but for their meaning; hence the opening, which starts the fan and stops that.
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


class Hpma115c0(Driver):
    """Asks for all four masses every five seconds."""

    title = "Honeywell HPMA115C0"
    line = LineSettings(9600)
    quantities = (_AIR["pm1"], _AIR["pm2_5"], _AIR["pm4"], _AIR["pm10"])
    tested = "captures"
    sure = "A"
    power = "5 V, 80 mA; 3.3 V logic, destroyed by 5 V"
    life = "laser 20,000 h"
    interval = 5.0
    notes = "5 V for the fan, 3.3 V on the data lines, which 5 V destroys. Its answers to the opening count as noise."
    opening = honeywell.OPENING
    request = honeywell.ASK

    def framing(self) -> FrameScanner:
        """Cut answers of sixteen bytes."""
        return honeywell.answers(b"\x40\x0d\x04", 16)

    def read(self, frame: bytes) -> Measurement | str:
        """Return the four masses, or the cause why there are none."""
        pm1, pm2_5, pm4, pm10 = unpack(">4H", frame[3:11])
        if not pm10:
            return "warming-up"
        if max(pm1, pm2_5, pm4, pm10) > honeywell.HIGHEST:
            return "out-of-device-range"
        return Measurement(Family.AIR, {"pm1": pm1, "pm2_5": pm2_5, "pm4": pm4, "pm10": pm10})
