"""OmniPreSense OPS243-A: a radar that reports the speed of what moves before it, towards it or away.

A line of JSON for each sample, {"speed": …, "direction": "inbound" | "outbound"}, or as older firmware and other
settings have it a number alone, negative for away, perhaps behind a time and a comma. The opening asks for JSON, km/h
and zeros while nothing moves, so that silence is a fault and never an empty road. There is no check: a digit that
turned into another is not noticed; a plain number needs its decimals (F1 to F3). Source: OmniPreSense's API document
AN-010 and user manuals as in public code (grade A for the commands, B for the lines: two examples are at hand, none
captured).
"""

from __future__ import annotations

import json
import re

from drivers.driver import Driver, LineSettings
from drivers.parts import radar
from drivers.parts.framing import LineScanner
from drivers.parts.options import Choice
from telemetry.reading import Measurement

_PLAIN = re.compile(r"(?:\d{1,9}(?:\.\d{1,3})?,)?(-?\d{1,3}\.\d{1,3})")
_TO_KMH = {"km/h": 1.0, "m/s": 3.6}


class Ops243(Driver):
    """Has the radar report by itself, and reads the speed and direction of each sample."""

    title = "OmniPreSense OPS243-A"
    line = LineSettings(19200)
    other_bauds = (9600, 115200)
    quantities = radar.QUANTITIES
    tested = "data sheet only"
    sure = "C"
    power = "5 V by USB"
    has_check = False
    interval = 0.1
    samples = True
    notes = "Measures along its axis: mount it within 20° of the traffic's, or speeds read low by the cosine."
    options = (Choice("unit", "as it is set, where the opening does not reach it", tuple(_TO_KMH), default="km/h"),)
    opening = b"OJUKBZ"

    def framing(self) -> LineScanner:
        """Cut lines."""
        return LineScanner(128)

    def read(self, frame: bytes) -> Measurement | str | None:
        """Return a sample, the cause why it is none, or None for the answer to a command."""
        text = frame.decode("latin-1")
        if plain := _PLAIN.fullmatch(text):
            return self._sample(float(plain[1]))
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            return "format"
        if not isinstance(said, dict):
            return "format"
        if "speed" not in said:
            return None
        speed, direction = said["speed"], said.get("direction")
        if isinstance(speed, bool) or not isinstance(speed, int | float) or direction not in _SIGNS:
            return "format"
        return self._sample(abs(speed) * _SIGNS[direction])

    def _sample(self, speed: float) -> Measurement | str:
        return radar.sample(speed * _TO_KMH[str(self.chosen["unit"])])


_SIGNS = {"inbound": 1, "outbound": -1, None: 1}
