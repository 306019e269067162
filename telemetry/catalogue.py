"""Every quantity, one line each; schema, range checks, dashboards and documentation are derived from here.

Concentrations are in µg/m³ because the Indonesian air quality index (ISPU, Permen LHK 14/2020) is; CO2 is in ppm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from telemetry.quantity import Family, Quantity

_A, _T, _C = Family.AIR, Family.TRAFFIC, Family.CROSSING
_N, _W, _L, _P = Family.NOISE, Family.WEATHER, Family.WATER, Family.POWER
_S, _H, _G, _E = Family.SCENE, Family.HEALTH, Family.GAP, Family.ATTENDANCE

PARTICLES = ("pm1", "pm2_5", "pm4", "pm10")
"""Quantities that take up water."""

CALIBRATED = (*PARTICLES, "co2", "co", "no2", "so2", "o3", "temperature", "humidity")
"""Quantities of the air that may be corrected; the raw value is kept beside, as `<name>_raw`."""

CAUSES = (
    "noise",
    "length",
    "checksum",
    "tail",
    "format",
    "distrusted",
    "no-target",
    "warming-up",
    "not-asked",
    "nothing-new",
    "error-code",
    "out-of-device-range",
    "no-fix",
)
"""Why a driver rejects a frame; each is counted in `health`, as `rejected_<cause>`."""

_MEASURED: tuple[Quantity, ...] = (
    Quantity(_A, "pm1", "PM1", "PM1", "µg/m³", 0, 1000, never_rests=True),
    Quantity(_A, "pm2_5", "PM2.5", "PM2,5", "µg/m³", 0, 1000, never_rests=True),
    Quantity(_A, "pm4", "PM4", "PM4", "µg/m³", 0, 1000, never_rests=True),
    Quantity(_A, "pm10", "PM10", "PM10", "µg/m³", 0, 2000, never_rests=True),
    Quantity(
        _A,
        "tsp",
        "Total suspended particulates",
        "Total partikel tersuspensi (TSP)",
        "µg/m³",
        0,
        20000,
        never_rests=True,
    ),
    Quantity(_A, "co2", "CO₂", "CO₂", "ppm", 300, 10000, step=3000, never_rests=True),
    Quantity(_A, "co", "Carbon monoxide", "Karbon monoksida", "µg/m³", 0, 60000, never_rests=True),
    Quantity(_A, "no2", "Nitrogen dioxide", "Nitrogen dioksida", "µg/m³", 0, 4000, never_rests=True),
    Quantity(_A, "so2", "Sulphur dioxide", "Sulfur dioksida", "µg/m³", 0, 3000, never_rests=True),
    Quantity(_A, "o3", "Ozone", "Ozon", "µg/m³", 0, 1200, never_rests=True),
    Quantity(_A, "ch2o", "Formaldehyde", "Formaldehida", "µg/m³", 0, 6000, never_rests=True),
    Quantity(_A, "temperature", "Temperature", "Suhu", "°C", -10, 60, step=10, never_rests=True),
    Quantity(_A, "humidity", "Relative humidity", "Kelembapan relatif", "%", 0, 100, step=40, never_rests=True),
    Quantity(_A, "pressure", "Air pressure", "Tekanan udara", "hPa", 600, 1085, step=5, never_rests=True),
    Quantity(_T, "count", "Vehicles and pedestrians", "Kendaraan dan pejalan kaki", "", 0, 600, whole=True),
    Quantity(_T, "observed", "Observed time", "Lama pengamatan", "s", 0, 3600),
    Quantity(_T, "speed_mean", "Mean speed", "Kecepatan rata-rata", "km/h", 0, 200),
    Quantity(_T, "speed_p15", "15th percentile speed", "Kecepatan persentil 15", "km/h", 0, 200),
    Quantity(_T, "speed_p50", "Median speed", "Kecepatan median", "km/h", 0, 200),
    Quantity(_T, "speed_p85", "85th percentile speed", "Kecepatan persentil 85", "km/h", 0, 200),
    Quantity(_T, "occupancy", "Occupancy", "Okupansi", "%", 0, 100),
    Quantity(_T, "headway", "Mean headway", "Headway rata-rata", "s", 0, 60),
    Quantity(_T, "queue", "Queue length", "Panjang antrean", "m", 0, 2000),
    Quantity(_C, "count", "Crossing", "Lintasan", "", 1, 1, whole=True),
    Quantity(_C, "visible", "Time in view before crossing", "Lama terlihat sebelum melintas", "s", 0, 3600),
    Quantity(_C, "speed", "Speed", "Kecepatan", "km/h", 0, 200),
    Quantity(_C, "length", "Length", "Panjang", "m", 0, 30),
    Quantity(_C, "width", "Width", "Lebar", "m", 0, 5),
    Quantity(_N, "la", "Sound level LA", "Tingkat bunyi LA", "dB(A)", 20, 140, never_rests=True),
    Quantity(_N, "laeq", "Equivalent level LAeq", "Tingkat ekuivalen LAeq", "dB(A)", 20, 130, never_rests=True),
    Quantity(_N, "lamax", "Maximum level LAmax", "Tingkat maksimum LAmax", "dB(A)", 20, 140),
    Quantity(_N, "la10", "Level exceeded 10 %, LA10", "Tingkat terlampaui 10 %, LA10", "dB(A)", 20, 130),
    Quantity(_N, "la50", "Level exceeded 50 %, LA50", "Tingkat terlampaui 50 %, LA50", "dB(A)", 20, 130),
    Quantity(_N, "la90", "Level exceeded 90 %, LA90", "Tingkat terlampaui 90 %, LA90", "dB(A)", 20, 130),
    Quantity(_W, "temperature", "Temperature", "Suhu", "°C", -10, 60, step=10, never_rests=True),
    Quantity(_W, "humidity", "Relative humidity", "Kelembapan relatif", "%", 0, 100, step=40, never_rests=True),
    Quantity(_W, "pressure", "Air pressure", "Tekanan udara", "hPa", 600, 1085, step=5, never_rests=True),
    Quantity(_W, "wind_speed", "Wind speed", "Kecepatan angin", "m/s", 0, 60),
    Quantity(_W, "wind_gust", "Wind gust", "Hembusan angin", "m/s", 0, 90),
    Quantity(_W, "wind_direction", "Wind direction", "Arah angin", "°", 0, 360),
    Quantity(_W, "rain", "Rain", "Curah hujan", "mm", 0, 100),
    Quantity(_W, "rain_rate", "Rain rate", "Intensitas hujan", "mm/h", 0, 500),
    Quantity(_W, "solar", "Solar radiation", "Radiasi matahari", "W/m²", 0, 1500),
    Quantity(_W, "uv", "UV index", "Indeks UV", "", 0, 20),
    Quantity(_L, "level", "Water level", "Tinggi muka air", "m", -5, 50, step=1),
    Quantity(_L, "distance", "Distance to the water", "Jarak ke muka air", "m", 0, 50, step=1),
    Quantity(_L, "flow", "Flow", "Debit", "m³/s", 0, 10000),
    Quantity(_L, "temperature", "Water temperature", "Suhu air", "°C", 0, 50, step=5),
    Quantity(_P, "voltage", "Voltage", "Tegangan", "V", 0, 500),
    Quantity(_P, "current", "Current", "Arus", "A", 0, 200),
    Quantity(_P, "power", "Active power", "Daya aktif", "W", 0, 100000),
    Quantity(_P, "energy", "Energy used", "Energi terpakai", "kWh", 0, 1000),
    Quantity(_P, "frequency", "Frequency", "Frekuensi", "Hz", 40, 70),
    Quantity(_P, "power_factor", "Power factor", "Faktor daya", "", -1, 1),
    Quantity(_P, "battery", "Battery", "Baterai", "%", 0, 100),
    Quantity(_S, "measurable", "Scene measurable", "Pemandangan terukur", "", 0, 1, whole=True, sound=(1, 1)),
    Quantity(_S, "frame_age", "Age of the newest frame", "Umur gambar terbaru", "s", 0, 1e9, sound=(0, 5)),
    Quantity(_S, "frames", "Frames analysed", "Gambar dianalisis", "", 0, 1e9, whole=True, sound=(1, 1e9)),
    Quantity(_S, "skipped", "Frames skipped", "Gambar dilewati", "", 0, 1e9, whole=True),
    Quantity(_S, "decode_errors", "Decode errors", "Galat dekode", "", 0, 1e9, whole=True, sound=(0, 0)),
    Quantity(_S, "reconnects", "Reconnects", "Sambung ulang", "", 0, 1e9, whole=True, sound=(0, 0)),
    Quantity(_S, "brightness", "Brightness", "Kecerahan", "", 0, 255, sound=(20, 235)),
    Quantity(_S, "contrast", "Contrast", "Kontras", "", 0, 128, sound=(8, 128)),
    Quantity(_S, "sharpness", "Sharpness", "Ketajaman", "", 0, 1e6, sound=(1, 1e6)),
    Quantity(_S, "frozen", "Picture frozen", "Gambar membeku", "", 0, 1, whole=True, sound=(0, 0)),
    Quantity(_S, "dark", "Picture black", "Gambar hitam", "", 0, 1, whole=True, sound=(0, 0)),
    Quantity(_H, "online", "Agent online", "Agen terhubung", "", 0, 1, whole=True, sound=(1, 1)),
    Quantity(_H, "cpu", "CPU load", "Beban CPU", "%", 0, 100, sound=(0, 95)),
    Quantity(_H, "temperature", "CPU temperature", "Suhu CPU", "°C", -20, 120, sound=(0, 80)),
    Quantity(_H, "memory", "Memory used", "Memori terpakai", "%", 0, 100, sound=(0, 95)),
    Quantity(_H, "disk", "Disk used", "Disk terpakai", "%", 0, 100, sound=(0, 95)),
    Quantity(_H, "rss", "Memory of the agent", "Memori agen", "MB", 0, 1e6, sound=(0, 2000)),
    Quantity(_H, "uptime", "Uptime of the agent", "Lama agen berjalan", "s", 0, 1e9),
    Quantity(
        _H,
        "spool_batches",
        "Batches waiting in the spool",
        "Batch menunggu di spool",
        "",
        0,
        1e12,
        whole=True,
        sound=(0, 1000),
    ),
    Quantity(
        _H, "spool_readings", "Readings waiting", "Pembacaan menunggu", "", 0, 1e12, whole=True, sound=(0, 100_000)
    ),
    Quantity(_H, "spool_bytes", "Size of the spool", "Ukuran spool", "B", 0, 1e15, whole=True, sound=(0, 1e9)),
    Quantity(_H, "frames", "Valid frames", "Frame sah", "", 0, 1e15, whole=True),
    Quantity(_H, "rejected", "Rejected frames", "Frame ditolak", "", 0, 1e15, whole=True),
    Quantity(_H, "frame_age", "Age of the newest frame", "Umur frame terbaru", "s", 0, 1e9, sound=(0, 60)),
    Quantity(_H, "awake", "Hours switched on", "Jam menyala", "h", 0, 1e6),
    Quantity(_H, "wakes", "Times woken", "Kali dibangunkan", "", 0, 1e9, whole=True),
    Quantity(_H, "restarts", "Restarts of the source", "Sumber dimulai ulang", "", 0, 1e9, whole=True),
    Quantity(_H, "latitude", "Latitude", "Lintang", "°", -90, 90),
    Quantity(_H, "longitude", "Longitude", "Bujur", "°", -180, 180),
    Quantity(_H, "altitude", "Altitude", "Ketinggian", "m", -100, 5000),
    Quantity(_H, "ground_speed", "Speed over ground", "Kecepatan gerak", "km/h", 0, 300),
    Quantity(_H, "course", "Course over ground", "Arah gerak", "°", 0, 360),
    Quantity(_H, "fix", "GNSS fix quality", "Mutu fix GNSS", "", 0, 8, whole=True, sound=(1, 8)),
    Quantity(_H, "satellites", "Satellites used", "Satelit terpakai", "", 0, 64, whole=True, sound=(4, 64)),
    Quantity(_H, "hdop", "Horizontal dilution of precision", "HDOP", "", 0, 100, sound=(0, 5)),
    Quantity(_E, "count", "Presence", "Kehadiran", "", 1, 1, whole=True),
    Quantity(_E, "person", "Person, as a salted number", "Orang, angka bergaram", "", 0, 2**48, whole=True, aside=True),
    Quantity(_G, "first", "First sequence number", "Nomor urut pertama", "", 0, 1e18, whole=True),
    Quantity(_G, "last", "Last sequence number", "Nomor urut terakhir", "", 0, 1e18, whole=True),
    Quantity(_G, "count", "Readings missing", "Pembacaan hilang", "", 0, 1e18, whole=True),
)

_RAW = tuple(
    replace(q, name=f"{q.name}_raw", title=f"{q.title}, raw", title_id=f"{q.title_id}, mentah", aside=True, step=None)
    for q in _MEASURED
    if q.family is _A and q.name in CALIBRATED
)
_VERSION = Quantity(_A, "calibration", "Calibration version", "Versi kalibrasi", "", 1, 1e6, whole=True, aside=True)
_REJECTED = tuple(
    Quantity(
        _H,
        f"rejected_{cause.replace('-', '_')}",
        f"Rejected: {cause}",
        f"Ditolak: {cause}",
        "",
        0,
        1e15,
        whole=True,
        aside=True,
    )
    for cause in CAUSES
)

QUANTITIES: tuple[Quantity, ...] = (*_MEASURED, *_RAW, _VERSION, *_REJECTED)

BY_FAMILY: Mapping[Family, Mapping[str, Quantity]] = {
    family: {q.name: q for q in QUANTITIES if q.family is family} for family in Family
}
"""The quantities of each family by name, in the order in which a line names them."""
