"""DFRobot A02YYUW and A01NYUB: ultrasonic rangers that report the distance to the water.

Four bytes: FF, distance in mm as a big-endian word, the sum of the three before it. There is no end mark and FF may
stand in the data: where bytes get lost, one false frame in a few hundred passes the sum. So after damage the next three
sound frames are "distrusted", for damage comes in company; the sensor reports three to ten times a second. Source:
DFRobot's wiki (SEN0311, SEN0313), whose one example is the only frame at hand. SEN0627 reports cm and is not this one.
"""

from __future__ import annotations

from drivers.driver import Driver, LineSettings
from drivers.parts.checksum import sum8
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_LOWEST, _HIGHEST = 28, 7500
_DISTRUST = 3


class A02yyuw(Driver):
    """Reads the distance as the sensor reports it."""

    title = "DFRobot A02YYUW, A01NYUB"
    line = LineSettings(9600)
    quantities = (BY_FAMILY[Family.WATER]["distance"],)
    tested = "data sheet only"
    sure = "A"
    power = "3.3 to 5 V, 8 mA; TTL"
    interval = 0.3
    notes = "With RX high or open it filters and reports three times a second; with RX low ten times, unfiltered."

    def __init__(self, **said: object) -> None:
        """Trust the line until it is damaged."""
        super().__init__(**said)
        self._damage = 0
        self._distrusted = 0

    def framing(self) -> FrameScanner:
        """Cut frames of four bytes."""
        return FrameScanner({b"\xff": 4}, lambda frame: None if frame[3] == sum8(frame[:3]) else "checksum")

    def read(self, frame: bytes) -> Measurement | str:
        """Return the distance in m, or the cause why there is none."""
        damage = self.rejected["noise"] + self.rejected["checksum"]
        if damage > self._damage:
            self._damage, self._distrusted = damage, _DISTRUST
        if self._distrusted:
            self._distrusted -= 1
            return "distrusted"
        distance = int.from_bytes(frame[1:3], "big")
        if not _LOWEST <= distance <= _HIGHEST:
            return "out-of-device-range"
        return Measurement(Family.WATER, {"distance": distance / 1000})
