"""Nova Fitness SDS011, SDS018 and SDS021: laser dust sensors that report PM2.5 and PM10 once a second.

Ten bytes: AA C0 (AA C5 in answer to a command), PM2.5 and PM10 in 0.1 µg/m³ (low byte first), two bytes of identity,
the sum of bytes 2-7, AB.
Source: Nova Fitness's control protocol, confirmed by captures (avaldebe/PyPMS). The device measures up to 999.9; a
stopped fan makes it say 999.9 and 1999.9 (opendata-stuttgart/sensors-software #442), so neither is ever a value.
Other software may have put it to sleep or into query mode, which outlasts a power cut; hence the opening.
"""

from __future__ import annotations

from drivers.driver import Driver, LineSettings
from drivers.parts import nova
from drivers.parts.framing import FrameScanner
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_AIR = BY_FAMILY[Family.AIR]
_WAKE = bytes.fromhex("aab406010100000000000000000000ffff06ab")
_ACTIVE = bytes.fromhex("aab402010000000000000000000000ffff01ab")
_REPORT, _ANSWER = b"\xaa\xc0", b"\xaa\xc5"
_FAULTS = frozenset({9999, 19999})
_HIGHEST = 9999


class Sds011(Driver):
    """Wakes the sensor, has it report by itself, and reads PM2.5 and PM10."""

    title = "Nova Fitness SDS011, SDS018, SDS021"
    line = LineSettings(9600)
    quantities = (_AIR["pm2_5"], _AIR["pm10"])
    tested = "captures"
    sure = "A"
    power = "5 V, 70 mA; 3.3 V logic"
    life = "laser 8,000 h"
    interval = 1.0
    warm_up = 30.0
    notes = "The working period is left as set in the sensor (factory: continuous)."
    wake = _WAKE
    sleep = bytes.fromhex("aab406010000000000000000000000ffff05ab")
    query = bytes.fromhex("aab404000000000000000000000000ffff02ab")
    opening = _WAKE + _ACTIVE

    def framing(self) -> FrameScanner:
        """Cut frames of ten bytes."""
        return nova.reports(_REPORT, _ANSWER)

    def read(self, frame: bytes) -> Measurement | str | None:
        """Return both concentrations, the cause why there are none, or None for the answer to a command."""
        if frame.startswith(_ANSWER):
            return None
        pm2_5, pm10 = (int.from_bytes(frame[at : at + 2], "little") for at in (2, 4))
        if not pm2_5 and not pm10:
            return "warming-up"
        if pm2_5 in _FAULTS or pm10 in _FAULTS:
            return "error-code"
        if max(pm2_5, pm10) > _HIGHEST:
            return "out-of-device-range"
        return Measurement(Family.AIR, {"pm2_5": pm2_5 / 10, "pm10": pm10 / 10})
