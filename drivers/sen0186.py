"""DFRobot SEN0186 (APRS weather board): wind, rain, temperature, humidity and pressure in one line a second.

c wind direction in degrees, s mean and g highest wind speed in 0.1 mph, t temperature in °F (the first character may be
a minus), r rain of the last hour in 0.01 inch, p rain of the last day, h humidity in % (00 is 100), b pressure in
0.1 hPa. Newer boards append * and two characters that are not understood. There is no check but the fixed places of the
letters: a digit that turned into another is not noticed. Source: DFRobot's wiki, whose one line is all that is at hand.
"""

from __future__ import annotations

import re

from drivers.driver import Driver, LineSettings
from drivers.parts.framing import LineScanner
from drivers.parts.units import celsius, metres_per_second, millimetres
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_WEATHER = BY_FAMILY[Family.WEATHER]
_LINE = re.compile(
    r"c(\d{3})s(\d{3})g(\d{3})t(\d{3}|-\d{2})r(\d{3})p(\d{3})h(\d{2})b(\d{5})(?:\*[0-9A-Fa-f]{2})?", re.ASCII
)


class Sen0186(Driver):
    """Reads the weather as the board reports it."""

    title = "DFRobot SEN0186"
    line = LineSettings(9600)
    quantities = tuple(
        _WEATHER[name]
        for name in ("temperature", "humidity", "pressure", "wind_speed", "wind_gust", "wind_direction", "rain_rate")
    )
    tested = "data sheet only"
    sure = "B"
    power = "5 V; TTL"
    has_check = False
    interval = 1.0
    notes = "The rain rate is the rain of the last hour."

    def framing(self) -> LineScanner:
        """Cut lines."""
        return LineScanner(64)

    def read(self, frame: bytes) -> Measurement | str:
        """Return all that the line says, or the cause why it says nothing."""
        said = _LINE.fullmatch(frame.decode("latin-1"))
        if said is None:
            return "format"
        direction, speed, gust, fahrenheit, rain, _, humidity, pressure = map(int, said.groups())
        values = {
            "temperature": celsius(fahrenheit),
            "humidity": humidity or 100,
            "pressure": pressure / 10,
            "wind_speed": metres_per_second(speed / 10),
            "wind_gust": metres_per_second(gust / 10),
            "wind_direction": direction,
            "rain_rate": millimetres(rain / 100),
        }
        is_possible = -40 <= fahrenheit <= 185 and direction <= 360 and 3000 <= pressure <= 11000
        return Measurement(Family.WEATHER, values) if is_possible else "out-of-device-range"
