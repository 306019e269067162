"""Davis Vantage Pro and Vue weather stations: their console or envoy is asked for one LOOP packet at a time.

Ninety-nine bytes behind an acknowledging 06: "LOO", the values, and what brings the CRC of all to 0. Words, low byte
first: barometer at 7 in 0.001 inHg, outside temperature at 12 in 0.1 °F, wind direction at 16 in degrees, rain rate at
41 in clicks of 0.01 inch an hour, solar radiation at 44 in W/m², rain since midnight at 50 in clicks, which is told as
the difference to the reading before. Bytes: wind speed at 14 in mph, outside humidity at 33
in %, UV index at 43 in 0.1. A station without an outdoor part fills its fields with 7FFF, FFFF or FF, which are no
values.
Source: Davis's serial communication reference 2.6, confirmed by two captures (LionelDarras/PyVantagePro).
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.driver import Driver, LineSettings
from drivers.parts.checksum import crc16_xmodem
from drivers.parts.counters import difference
from drivers.parts.framing import FrameScanner
from drivers.parts.units import celsius, hectopascals, metres_per_second, millimetres
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_WEATHER = BY_FAMILY[Family.WEATHER]
_SIZE = 99
_LOOP = 0
_DAY_RAIN, _NO_RAIN = 50, 0xFFFF
_FIELDS: dict[str, tuple[int, int, frozenset[int], Callable[[int], float]]] = {
    "temperature": (12, 2, frozenset({0x7FFF}), lambda tenths: celsius(tenths / 10)),
    "humidity": (33, 1, frozenset({0xFF}), float),
    "pressure": (7, 2, frozenset({0, 0x7FFF}), lambda thousandths: hectopascals(thousandths / 1000)),
    "wind_speed": (14, 1, frozenset({0xFF}), metres_per_second),
    "wind_direction": (16, 2, frozenset({0, 0x7FFF}), float),
    "rain_rate": (41, 2, frozenset({0xFFFF}), lambda clicks: millimetres(clicks / 100)),
    "uv": (43, 1, frozenset({0xFF}), lambda tenths: tenths / 10),
    "solar": (44, 2, frozenset({0x7FFF}), float),
}
"""Offset, bytes, what stands for no value, and how a value is read."""


class Davis(Driver):
    """Asks for the present weather every five seconds."""

    title = "Davis Vantage Pro2, Vantage Vue"
    line = LineSettings(19200)
    quantities = (*(_WEATHER[name] for name in _FIELDS), _WEATHER["rain"])
    tested = "captures"
    sure = "A"
    power = "its own; data logger with USB or RS-232"
    interval = 5.0
    notes = "The console reduces the pressure to sea level. Its rain of the day begins anew at its own midnight."
    opening = b"\n"
    query = b"\nLOOP 1\n"
    request = b"LOOP 1\n"

    def framing(self) -> FrameScanner:
        """Cut packets with their acknowledgement."""
        return FrameScanner({b"\x06LOO": _SIZE + 1}, _damage)

    def read(self, frame: bytes) -> Measurement | str | None:
        """Return what the station measures, the cause why it says nothing, or None for a packet of another kind."""
        packet = frame[-_SIZE:]
        if packet[4] != _LOOP:
            return None
        values: dict[str, float] = {}
        for name, (at, size, dashes, meant) in _FIELDS.items():
            raw = int.from_bytes(packet[at : at + size], "little")
            if raw not in dashes:
                values[name] = meant(raw - 0x10000 if name == "temperature" and raw > 0x7FFF else raw)
        return self._with_rain(values, int.from_bytes(packet[_DAY_RAIN : _DAY_RAIN + 2], "little"))

    def _with_rain(self, values: dict[str, float], clicks: int) -> Measurement | str:
        if clicks != _NO_RAIN:
            fallen = difference(self.memory, "weather.rain", clicks, wraps_at=0, most=0)
            values |= {} if fallen is None else {"rain": millimetres(fallen / 100)}
        return Measurement(Family.WEATHER, values) if values else "error-code"


def _damage(frame: bytes) -> str | None:
    return "checksum" if crc16_xmodem(frame[-_SIZE:]) else None
