"""MCU680 (GY-MCU680): a board with Bosch's BME680 that reports temperature, humidity and pressure.

Twenty bytes: 5A 5A, 3F, length 0F, temperature in 0.01 °C (signed) and humidity in 0.01 % as big-endian words, pressure
in Pa as three bytes, eight bytes about gases, the sum of all bytes before it. The gas index is not read: its scale is
the maker's own. Source: frames and commands as in avaldebe/PyPMS, confirmed by its captures.
"""

from __future__ import annotations

from drivers.driver import Driver, LineSettings
from drivers.parts.checksum import sum8
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_AIR = BY_FAMILY[Family.AIR]
_REPORT = bytes.fromhex("a55602fd")


class Mcu680(Driver):
    """Has the board report by itself and reads temperature, humidity and pressure."""

    title = "GY-MCU680 with Bosch BME680"
    line = LineSettings(9600)
    quantities = (_AIR["temperature"], _AIR["humidity"], _AIR["pressure"])
    tested = "captures"
    sure = "A"
    power = "3 to 5 V; TTL"
    interval = 1.0
    notes = "Its heater warms the chip by a degree and more; hang it where the air moves."
    opening = _REPORT

    def framing(self) -> FrameScanner:
        """Cut frames of twenty bytes."""
        return FrameScanner({b"\x5a\x5a\x3f\x0f": 20}, _damage)

    def read(self, frame: bytes) -> Measurement | str:
        """Return the three values, or the cause why there are none."""
        if not any(frame[4:19]):
            return "warming-up"
        temperature = int.from_bytes(frame[4:6], "big", signed=True) / 100
        humidity = int.from_bytes(frame[6:8], "big") / 100
        pressure = int.from_bytes(frame[8:11], "big") / 100
        if not (-40 <= temperature <= 85 and humidity <= 100 and 300 <= pressure <= 1100):
            return "out-of-device-range"
        return Measurement(Family.AIR, {"temperature": temperature, "humidity": humidity, "pressure": pressure})


def _damage(frame: bytes) -> str | None:
    return None if frame[19] == sum8(frame[:19]) else "checksum"
