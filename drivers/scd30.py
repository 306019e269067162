"""Sensirion SCD30: an infrared CO2 sensor with temperature and humidity, asked over Modbus RTU.

Holding registers 0028 to 002D: three big-endian floats, CO2 in ppm, temperature in °C, humidity in %. Until its first
value they hold zeros, or no number. Source: Sensirion's SCD30 interface description as in public code; one answer
recalled from it, its CRC verified; none captured.
"""

from __future__ import annotations

from math import isfinite
from struct import unpack

from drivers.driver import Driver, LineSettings
from drivers.parts import modbus
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_AIR = BY_FAMILY[Family.AIR]
_ADDRESS = 0x61
_START, _VALUES = 0x36, 0x28


class Scd30(Driver):
    """Starts the measurement and asks for all three values every five seconds."""

    title = "Sensirion SCD30"
    line = LineSettings(19200)
    quantities = (_AIR["co2"], _AIR["temperature"], _AIR["humidity"])
    tested = "data sheet only"
    sure = "A"
    power = "3.3 to 5.5 V, 19 mA; 3 V logic"
    life = "15 years"
    interval = 5.0
    notes = "Pin SEL must be high when the power comes. Its own warmth adds about a degree."
    opening = modbus.request(_ADDRESS, modbus.WRITE_ONE, _START, 0)
    request = modbus.request(_ADDRESS, modbus.HOLDING, _VALUES, 6)

    def framing(self) -> FrameScanner:
        """Cut answers with six registers."""
        return modbus.answers(_ADDRESS, modbus.HOLDING, (6,))

    def read(self, frame: bytes) -> Measurement | str | None:
        """Return the three values, the cause why there are none, or None for what was not asked."""
        if modbus.is_refusal(frame):
            return "error-code"
        if modbus.is_echo(frame):
            return None
        co2, temperature, humidity = unpack(">3f", modbus.registers(frame))
        if not isfinite(co2 + temperature + humidity) or not co2:
            return "warming-up"
        if not (0 < co2 <= 40_000 and -40 <= temperature <= 70 and 0 <= humidity <= 100):
            return "out-of-device-range"
        values = {"co2": round(co2, 1), "temperature": round(temperature, 2), "humidity": round(humidity, 2)}
        return Measurement(Family.AIR, values)
