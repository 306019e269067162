"""The Indonesian air pollution index (ISPU): bands of the 24-hour mean and their colours.

Limits and colour names: Permen LHK P.14/MENLHK/SETJEN/KUM.1/7/2020. It names colours, no RGB values; these are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.builders import dashboard as build

from hub.grafana import headings, units
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family

COLOURS = ("#2e9e4f", "#2f6fde", "#e8c11c", "#d32f2f", "#000000")
"""Hijau, biru, kuning, merah, hitam: baik, sedang, tidak sehat, sangat tidak sehat, berbahaya."""

UPPER: Mapping[str, tuple[float, float, float, float]] = {
    "pm10": (50, 150, 350, 420),
    "pm2_5": (15.5, 55.4, 150.4, 250.4),
    "so2": (52, 180, 400, 800),
    "co": (4000, 8000, 15000, 30000),
    "o3": (120, 235, 400, 800),
    "no2": (80, 200, 1130, 2260),
}
"""The highest 24-hour mean, in µg/m³, of the four bands below `berbahaya`."""

CATEGORIES = (
    "Baik / Good",
    "Sedang / Moderate",
    "Tidak Sehat / Unhealthy",
    "Sangat Tidak Sehat / Very unhealthy",
    "Berbahaya / Hazardous",
)
"""In the order of `COLOURS`; the regulation's words are the Indonesian ones."""

_COLOUR_NAMES = ("hijau / green", "biru / blue", "kuning / yellow", "merah / red", "hitam / black")
_GASES = BY_FAMILY[Family.AIR]
_ABOVE = 1e-6


def bands(name: str) -> build.ThresholdsConfig:
    """Return the colours of a quantity's bands; a limit itself belongs to the band below it."""
    starts = (None, *(limit + _ABOVE for limit in UPPER[name]))
    return units.steps(*zip(starts, COLOURS, strict=True))


def description() -> str:
    """Return the categories with their colours and their highest 24-hour means."""
    head = (
        "Batas atas rata-rata 24 jam, µg/m³ (Permen LHK 14/2020); indikatif, dari sedikitnya 18 rata-rata per jam / "
        "Upper limits of the 24-hour mean, µg/m³; indicative, of at least 18 hourly means"
    )
    limits = [" · ".join(f"{headings.of(_GASES[name])} {UPPER[name][band]:g}" for name in UPPER) for band in range(4)]
    limits.append("di atasnya / above")
    named = zip(CATEGORIES, _COLOUR_NAMES, limits, strict=True)
    return "\n".join([head, "", *(f"- **{name}** ({colour}): {limit}" for name, colour, limit in named)])
