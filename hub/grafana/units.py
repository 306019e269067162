"""How Grafana shows a quantity: its unit, and colours at the ends of the sound range, from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard, units

from telemetry.quantity import Quantity

AGE = units.DateTimeFromNow
WHOLE = units.LocaleFormat
SHARE = units.PercentUnit
PLAIN = "text"
"""The colour of every other text."""

GRAFANA: Mapping[str, str] = {
    "": units.Short,
    "µg/m³": units.MicrogramPerCubicMeter,
    "ppm": units.PartsPerMillion,
    "°C": units.Celsius,
    "%": units.Percent,
    "hPa": units.Hectopascals,
    "s": units.Seconds,
    "h": units.Hours,
    "km/h": units.KilometersPerHour,
    "m": units.Meter,
    "dB(A)": "suffix: dB(A)",
    "m/s": units.MetersPerSecond,
    "°": units.Degrees,
    "mm": units.Millimeter,
    "mm/h": "suffix: mm/h",
    "W/m²": units.WattPerSquareMeter,
    "m³/s": units.CubicMetersPerSecond,
    "V": units.Volt,
    "A": units.Ampere,
    "W": units.Watt,
    "kWh": units.KiloWattHour,
    "Hz": units.Hertz,
    "MB": units.Mebibytes,
    "B": units.BytesIEC,
}
"""Grafana's unit for each unit of the catalogue."""

DECIMALS: Mapping[str, int] = {"latitude": 5, "longitude": 5}
"""How many decimals are shown where Grafana would show too few; five of a degree are a metre."""


def of(quantity: Quantity) -> str:
    """Return Grafana's unit for a quantity; counts keep all their digits."""
    return WHOLE if quantity.whole and not quantity.unit else GRAFANA[quantity.unit]


def thresholds(quantity: Quantity) -> build.ThresholdsConfig:
    """Return red outside the sound range; inside no colour, for what is believable may still be dangerous."""
    low, high = sound(quantity)
    return steps((None, "red"), (low, PLAIN), (_just_above(quantity, low, high), "red"))


def missing() -> build.ThresholdsConfig:
    """Return the colours of how many readings are missing."""
    return steps((None, PLAIN), (1, "orange"), (1000, "red"))


def completeness() -> build.ThresholdsConfig:
    """Return the colours of the share of numbers that has rows: plain from 99.9 % on."""
    return steps((None, "red"), (0.99, "orange"), (0.999, PLAIN))


def any_is_bad() -> build.ThresholdsConfig:
    """Return red from one on."""
    return steps((None, PLAIN), (1, "red"))


def sound(quantity: Quantity) -> tuple[float, float]:
    """Return the range of values that need nobody's attention."""
    return quantity.sound or (quantity.low, quantity.high)


def steps(*colours: tuple[float | None, str]) -> build.ThresholdsConfig:
    """Return thresholds: from each value on, its colour; the first value is None."""
    return (
        build.ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps([dashboard.Threshold(value, colour) for value, colour in colours])
    )


def _just_above(quantity: Quantity, low: float, high: float) -> float:
    """Return where red begins: Grafana's steps include their value, the highest sound one is still good."""
    if quantity.whole:
        return high + 1
    return round(high + (high - low) * 1e-6, 6)
