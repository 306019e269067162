"""Winsen ZE07, ZE03, ZE12A, ZE15: electrochemical modules for one gas, which are told to be asked.

Nine bytes: FF 86, then by model either the concentration in 0.1 ppm at 2 (ZE07-CO) or in µg/m³ at 2 and in ppb at 6
(ZE07-CH2O and the others), high byte first, and the byte that brings the sum of all but the first to 0. The module does
not say which gas it is for: the settings do. What is in ppm or ppb becomes µg/m³ at the stated temperature and
pressure, 25 °C and 1013.25 hPa where nothing is said, as the air quality index counts; a module's own µg/m³ are not
read, since they are of another temperature. Source: Winsen's ZE07-CH2O manual, whose one example agrees with its sum
(grade B); for other gases the places of the bytes are recalled only (grade C): compare with a reference before
trusting a value.
"""

from __future__ import annotations

from types import MappingProxyType

from drivers.driver import Driver, LineSettings
from drivers.parts import winsen
from drivers.parts.framing import FrameScanner
from drivers.parts.gases import MOLAR_MASSES, micrograms
from drivers.parts.options import Choice, Number
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family
from telemetry.reading import Measurement

_PPB_OF = {"ppb": (6, 1), "0.1ppm": (2, 100)}
"""Where the concentration lies, and how many ppb one step of it is."""

_NO_VALUE = 0xFFFF


class WinsenZe(Driver):
    """Asks for the concentration every five seconds."""

    title = "Winsen ZE07-CO, ZE07-CH2O, ZE03, ZE12A, ZE15"
    line = LineSettings(9600)
    quantities = tuple(BY_FAMILY[Family.AIR][gas] for gas in MOLAR_MASSES)
    tested = "data sheet only"
    sure = "C"
    power = "5 V; 3.3 V logic"
    life = "cell 2 to 3 years"
    interval = 5.0
    warm_up = 180.0
    notes = "Needs 3 minutes to settle, and hours after a long time without power."
    options = (
        Choice("gas", "the gas that is printed on the module", tuple(MOLAR_MASSES)),
        Choice("unit", "0.1ppm for ZE07-CO, ppb for the others", tuple(_PPB_OF), default="ppb"),
        Number("temperature", "°C at which µg/m³ are stated", -40, 60, default=25),
        Number("pressure", "hPa at which µg/m³ are stated", 500, 1100, default=1013.25),
    )
    example = MappingProxyType({"gas": "ch2o"})
    opening = winsen.BE_ASKED
    request = winsen.ASK

    def framing(self) -> FrameScanner:
        """Cut answers of nine bytes."""
        return winsen.answers()

    def read(self, frame: bytes) -> Measurement | str:
        """Return the concentration of the gas, or the cause why there is none."""
        at, step = _PPB_OF[str(self.chosen["unit"])]
        raw = int.from_bytes(frame[at : at + 2], "big")
        if raw == _NO_VALUE:
            return "error-code"
        gas, celsius, hectopascals = (self.chosen[name] for name in ("gas", "temperature", "pressure"))
        value = micrograms(str(gas), raw * step, celsius=float(celsius), hectopascals=float(hectopascals))
        return Measurement(Family.AIR, {str(gas): value})
