"""What operators read: titles in Indonesian and English, taken from the catalogue where it has them."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.quantity import Family, Quantity

FAMILIES: Mapping[Family, str] = {
    Family.AIR: "Udara / Air",
    Family.TRAFFIC: "Lalu lintas / Traffic",
    Family.CROSSING: "Lintasan / Crossings",
    Family.NOISE: "Kebisingan / Noise",
    Family.WEATHER: "Cuaca / Weather",
    Family.WATER: "Muka air / Water",
    Family.POWER: "Listrik / Power",
    Family.SCENE: "Pemandangan / Scene",
    Family.HEALTH: "Kesehatan / Health",
    Family.GAP: "Celah data / Gaps",
}

TAGS: Mapping[str, str] = {
    "site": "Lokasi / Site",
    "agent": "Agen / Agent",
    "sensor": "Sensor",
    "line": "Garis / Line",
    "direction": "Arah / Direction",
    "class": "Kelas / Class",
    "zone": "Zona / Zone",
    "cause": "Sebab / Cause",
}

AGE = "Umur data / Data age"


def of(quantity: Quantity) -> str:
    """Return a quantity's title in both languages, once where they agree."""
    return both(quantity.title_id, quantity.title)


def of_all(quantities: tuple[Quantity, ...]) -> str:
    """Return the titles of several quantities in both languages."""
    return both(", ".join(q.title_id for q in quantities), ", ".join(q.title for q in quantities))


def both(indonesian: str, english: str) -> str:
    """Return a text in both languages, once where they agree."""
    return indonesian if indonesian == english else f"{indonesian} / {english}"
