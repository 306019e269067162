"""SenseAir S8 and K30: infrared CO2 sensors that are asked over Modbus RTU.

Input registers 1 to 4 (addresses 0 to 3): status, alarms, outputs, CO2 in ppm. Any status bit but "out of range" means
that the sensor found a fault in itself. The address FE is answered by every device, so only one may hang on the line.
Source: SenseAir's Modbus specification for the S8 as in public code; answers with computed CRC, none captured. The
answer printed in a widely read note (SFeli/ESP32_S8) has the CRC of the request: it is rejected here.
"""

from __future__ import annotations

from drivers.driver import Driver, LineSettings
from drivers.parts import modbus
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_ANY = 0xFE
_HIGHEST = 10_000
_OUT_OF_RANGE = 0x20


class Senseair(Driver):
    """Asks for status and CO2 every five seconds."""

    title = "SenseAir S8, K30"
    line = LineSettings(9600)
    quantities = (BY_FAMILY[Family.AIR]["co2"],)
    tested = "data sheet only"
    sure = "A"
    power = "5 V, peaks of 300 mA; 3.3 V logic"
    life = "15 years"
    interval = 5.0
    notes = "Draws up to 300 mA for moments. Self-calibration is left as set in the sensor."
    request = modbus.request(_ANY, modbus.INPUT, 0, 4)

    def framing(self) -> FrameScanner:
        """Cut answers with all four registers, or with CO2 alone."""
        return modbus.answers(_ANY, modbus.INPUT, (1, 4))

    def read(self, frame: bytes) -> Measurement | str | None:
        """Return the concentration, the cause why there is none, or None for what was not asked."""
        if modbus.is_echo(frame):
            return None
        data = modbus.registers(frame)
        status = int.from_bytes(data[:2], "big") if len(data) > 2 else 0
        if modbus.is_refusal(frame) or status & ~_OUT_OF_RANGE:
            return "error-code"
        return _said(int.from_bytes(data[-2:], "big"), is_out_of_range=bool(status))


def _said(co2: int, *, is_out_of_range: bool) -> Measurement | str:
    if not co2:
        return "warming-up"
    return "out-of-device-range" if is_out_of_range or co2 > _HIGHEST else Measurement(Family.AIR, {"co2": co2})
