"""Short headings of a table's columns, which cut longer ones; the panel's description has the full texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.grafana import titles
from telemetry.quantity import Quantity

SHORT: Mapping[str, str] = {
    "tsp": "TSP",
    "co": "CO",
    "no2": "NO₂",
    "so2": "SO₂",
    "o3": "O₃",
    "temperature": "Suhu",
    "humidity": "RH",
    "pressure": "Tekanan",
    "count": "Jumlah",
    "observed": "Diamati",
    "visible": "Terlihat",
    "laeq": "LAeq",
    "lamax": "LAmax",
    "la10": "LA10",
    "la50": "LA50",
    "la90": "LA90",
    "speed_mean": "V rata-rata",
    "speed_p15": "V15",
    "speed_p50": "V50",
    "speed_p85": "V85",
    "headway": "Headway",
    "queue": "Antrean",
    "wind_speed": "Angin",
    "wind_gust": "Hembusan",
    "wind_direction": "Arah",
    "rain": "Hujan",
    "rain_rate": "Intensitas",
    "energy": "Energi",
    "wakes": "Dibangunkan",
    "la": "LA",
    "solar": "Matahari",
    "level": "Muka air",
    "distance": "Jarak",
    "power": "Daya",
    "power_factor": "cos φ",
    "measurable": "Terukur",
    "frame_age": "Umur",
    "frames": "Frame",
    "skipped": "Dilewati",
    "decode_errors": "Galat",
    "reconnects": "Sambung",
    "sharpness": "Tajam",
    "frozen": "Beku",
    "dark": "Hitam",
    "online": "Keadaan",
    "cpu": "CPU",
    "memory": "Memori",
    "disk": "Disk",
    "rss": "RSS",
    "uptime": "Berjalan",
    "spool_batches": "Batch",
    "spool_readings": "Menunggu",
    "spool_bytes": "Spool",
    "rejected": "Ditolak",
    "restarts": "Restart",
    "ground_speed": "Kecepatan",
    "course": "Arah",
    "fix": "Fix",
    "satellites": "Satelit",
    "first": "Pertama",
    "last": "Terakhir",
}
"""By the quantity's name, where its Indonesian title is too long."""


def of(quantity: Quantity) -> str:
    """Return a column's heading."""
    return SHORT.get(quantity.name, quantity.title_id)


def explained(quantities: Sequence[Quantity]) -> str:
    """Return the list of headings with their full texts, for those that have more to say."""
    told = {of(quantity): titles.of(quantity) for quantity in quantities}
    return "\n".join(f"- {heading}: {full}" for heading, full in told.items() if heading != full)
