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
    Family.ATTENDANCE: "Kehadiran / Attendance",
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

CLASSES: Mapping[str, str] = {
    "motorcycle": "Sepeda motor / Motorcycle",
    "car": "Mobil / Car",
    "lorry": "Truk, bus / Lorry, bus",
    "pedestrian": "Pejalan kaki / Pedestrian",
    "unknown": "Tidak dikenal / Unknown",
}

CAUSES: Mapping[str, str] = {
    "dropped": "Dibuang / Dropped",
    "thinned": "Dirata-rata / Averaged",
    "refused": "Ditolak / Refused",
    "damaged": "Rusak / Damaged",
    "uncommitted": "Tak tersimpan / Uncommitted",
}

VALUES: Mapping[str, Mapping[str, str]] = {"class": CLASSES, "cause": CAUSES}
"""Names for the values of those tags whose values are from a closed list."""

AGE = "Umur data / Data age"
HUBS_WORD = "Kata hub / Hub's word"
POSITION = "Posisi / Position"
NO_DATA = "tidak ada data / no data"


def of(quantity: Quantity) -> str:
    """Return a quantity's title in both languages, once where they agree."""
    return both(quantity.title_id, quantity.title)


def of_all(quantities: tuple[Quantity, ...]) -> str:
    """Return the titles of several quantities in both languages."""
    return both(", ".join(q.title_id for q in quantities), ", ".join(q.title for q in quantities))


def both(indonesian: str, english: str) -> str:
    """Return a text in both languages, once where they agree."""
    return indonesian if indonesian == english else f"{indonesian} / {english}"
