"""Sensirion SPS30: a laser dust sensor that is asked for PM1, PM2.5, PM4 and PM10 over SHDLC.

The answer to command 03 holds ten big-endian floats: masses of PM1, PM2.5, PM4, PM10 in µg/m³, five counts per cm³ and
the typical size in µm. An empty answer says that there is nothing new since the last one; state 43 that the command is
not allowed now, which means that it does not measure: another program may have stopped it, or its power failed.
Source: Sensirion's SPS30 data sheet, chapter 5, confirmed by captures (avaldebe/PyPMS).
"""

from __future__ import annotations

from math import isfinite
from struct import unpack

from drivers.driver import Driver, LineSettings
from drivers.parts.shdlc import ShdlcScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_AIR = BY_FAMILY[Family.AIR]
_READ = 3
_SIZE = 40
_LONGEST = 2 * (_SIZE + 5)
_HIGHEST = 1000
_DECIMALS = 2
_START = bytes.fromhex("7e0000020103f97e")
_STOP = bytes.fromhex("7e000100fe7e")


class Sps30(Driver):
    """Starts the measurement and asks for all four masses every five seconds."""

    title = "Sensirion SPS30"
    line = LineSettings(115200)
    quantities = (_AIR["pm1"], _AIR["pm2_5"], _AIR["pm4"], _AIR["pm10"])
    tested = "captures"
    sure = "A"
    power = "5 V, 60 mA; 3.3 or 5 V logic"
    life = "10 years"
    interval = 5.0
    warm_up = 30.0
    notes = "Pin 4 (SEL) stays open for the serial line. Values settle 30 s after the start in clean air."
    wake = _START
    sleep = _STOP
    opening = _START
    request = bytes.fromhex("7e000300fc7e")
    closing = _STOP

    def framing(self) -> ShdlcScanner:
        """Cut answers between marks."""
        return ShdlcScanner(_LONGEST)

    def read(self, frame: bytes) -> Measurement | str | None:
        """Return the four masses, the cause why there are none, or None for an answer to another command."""
        _, command, state, length = frame[:4]
        if state:
            return "error-code"
        if command != _READ:
            return None
        if length != _SIZE:
            return "length" if length else "nothing-new"
        return _masses(frame[4:])


def _masses(data: bytes) -> Measurement | str:
    masses = [round(mass, _DECIMALS) if isfinite(mass) else mass for mass in unpack(">4f", data[:16])]
    if not any(masses):
        return "warming-up"
    if not all(isfinite(mass) and 0 <= mass <= _HIGHEST for mass in masses):
        return "out-of-device-range"
    return Measurement(Family.AIR, dict(zip(("pm1", "pm2_5", "pm4", "pm10"), masses, strict=True)))
