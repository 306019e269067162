"""Gases: what a part in a billion of one weighs, which the air quality index counts in."""

from __future__ import annotations

from collections.abc import Mapping

MOLAR_MASSES: Mapping[str, float] = {"co": 28.010, "no2": 46.006, "so2": 64.064, "o3": 47.998, "ch2o": 30.026}
"""In g/mol, by the quantity's name."""

_MOLAR_VOLUME = 22.414
"""Litres that a mole of gas takes at 0 °C and 1013.25 hPa."""

_ZERO_CELSIUS = 273.15
_ATMOSPHERE = 1013.25


def micrograms(gas: str, ppb: float, *, celsius: float, hectopascals: float) -> float:
    """Return a concentration in µg/m³, of an ideal gas at the stated temperature and pressure."""
    volume = _MOLAR_VOLUME * (_ZERO_CELSIUS + celsius) / _ZERO_CELSIUS * _ATMOSPHERE / hectopascals
    return round(ppb * MOLAR_MASSES[gas] / volume, 1)
