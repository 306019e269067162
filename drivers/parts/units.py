"""Conversions from the units that American devices report, rounded to what they can resolve."""

from __future__ import annotations


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
