"""Conversions from the units that devices report, rounded to what they can resolve."""

from __future__ import annotations

from collections.abc import Mapping

from drivers.parts.gases import MOLAR_MASSES, micrograms
from telemetry.quantity import Quantity

_FACTORS: Mapping[str, Mapping[str, float]] = {
    "µg/m³": {"mg/m³": 1000, "ug/m3": 1},
    "°C": {"C": 1},
    "hPa": {"Pa": 0.01, "kPa": 10, "mbar": 1, "inHg": 33.8639},
    "m/s": {"km/h": 1 / 3.6, "mph": 0.44704, "kn": 1852 / 3600},
    "km/h": {"m/s": 3.6, "mph": 1.609344},
    "mm": {"cm": 10, "in": 25.4},
    "mm/h": {"in/h": 25.4},
    "m": {"mm": 0.001, "cm": 0.01},
    "m³/s": {"L/s": 0.001, "m³/h": 1 / 3600},
    "V": {"mV": 0.001, "kV": 1000},
    "A": {"mA": 0.001},
    "W": {"kW": 1000},
    "kWh": {"Wh": 0.001, "MWh": 1000},
    "dB(A)": {"dB": 1, "dBA": 1},
    "°": {"deg": 1},
}
"""What one of each unit is in the unit of a quantity."""


def celsius(fahrenheit: float) -> float:
    """Return a temperature in °C."""
    return round((fahrenheit - 32) / 1.8, 2)


def metres_per_second(miles_per_hour: float) -> float:
    """Return a speed in m/s; a mile is 1609.344 m."""
    return round(miles_per_hour * 0.44704, 2)


def hectopascals(inches_of_mercury: float) -> float:
    """Return a pressure in hPa; an inch of mercury at 0 °C is 33.8639 hPa."""
    return round(inches_of_mercury * 33.8639, 2)


def millimetres(inches: float) -> float:
    """Return a length in mm."""
    return round(inches * 25.4, 3)


def units(quantity: Quantity) -> tuple[str, ...]:
    """Return the units in which a device may say a quantity."""
    gas = ("ppb", "ppm") if quantity.name in MOLAR_MASSES else ()
    fahrenheit = ("°F",) if quantity.unit == "°C" else ()
    return (quantity.unit, *_FACTORS.get(quantity.unit, {}), *fahrenheit, *gas)


def converted(value: float, unit: str, quantity: Quantity) -> float:
    """Return a value in the quantity's own unit; parts of a volume of gas are taken at 25 °C and 1013.25 hPa."""
    if unit == quantity.unit:
        return value
    if unit == "°F":
        return (value - 32) / 1.8
    if unit in ("ppb", "ppm"):
        return micrograms(quantity.name, value * (1000 if unit == "ppm" else 1), celsius=25, hectopascals=1013.25)
    return value * _FACTORS[quantity.unit][unit]
