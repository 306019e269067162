"""Every valid public capture of the first four drivers, as frames to play and the values that must arrive.

What must arrive comes from the captures' own expected values (pynmea2's for NMEA) and, where those are silent, from the
sentence's fields, never from a driver.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.captures import shared
from tests.support.players import Player

RENAMED = {"pm01": "pm1", "pm25": "pm2_5", "pm10": "pm10", "CO2": "co2"}
KNOTS = 1.852
CO2_REQUEST = bytes.fromhex("ff0186000000000079")

CADENCE, LONGEST = 0.05, 4.0
"""Seconds between two sentences of a GNSS log, and of the longest log from its begin to its end."""

HELD_BACK = (
    "$GPRMC,000231.42,A,4829.0005,N,00022.0016,E,0.16,212.28,220899,,,A*59",
    "$GPGGA,105153.408,5050.4122,N,00420.8265,E,1,04,2.25,109.0,M,,M,,0000*7E",
    "$GPRMC,105153.408,A,5050.4122,N,00420.8265,E,0.13,303.60,120319,,,A*67",
)
"""Sound sentences that have other decimals than the one before; the driver's docstring tells why it refuses them."""


@dataclass
class Replay:
    """One sensor: its driver, the frames of the wire, and the values of each row that they must become."""

    sensor: str
    driver: str
    family: str
    frames: Sequence[bytes]
    rows: Sequence[Mapping[str, float]]
    seconds: float
    request: bytes = b""
    settings: str = ""
    rejected: Mapping[str, int] = field(default_factory=dict)
    """How many frames become no row, by the cause that the agent must name."""
    player: Player | None = field(default=None)

    def plug(self, folder: Path) -> str:
        """Plug the sensor in and return its [[serial]] table."""
        link = folder / "by-id" / self.sensor
        self.player = Player(link)
        return f'[[serial]]\nsensor = "{self.sensor}"\ndriver = "{self.driver}"\nport = "{link}"\n{self.settings}\n'

    def begin(self) -> None:
        """Begin to speak."""
        assert self.player is not None
        if self.request:
            self.player.answer(self.request, self.frames)
        else:
            self.player.play(self.frames, seconds=self.seconds)


def replays() -> list[Replay]:
    """Return one replay for each binary sensor and for each GNSS log; skips where captures are absent."""
    logs: dict[str, list[dict[str, Any]]] = {}
    for record in shared("nmea.jsonl"):
        logs.setdefault(record["log"], []).append(record)
    return [
        _binary("dust", "sds011", seconds=0.1),
        _binary("dust-two", "pmsx003", seconds=0.1),
        _binary("co2", "mhz19b", seconds=0.0, request=CO2_REQUEST, settings="poll_seconds = 0.1"),
        *(_gnss(log, records) for log, records in logs.items()),
    ]


def _binary(sensor: str, driver: str, *, seconds: float, request: bytes = b"", settings: str = "") -> Replay:
    valid = [record for record in shared(f"{driver}.jsonl") if record["valid"]]
    frames = [bytes.fromhex(record["hex"]) for record in valid]
    rows = [{RENAMED[k]: v for k, v in record["expect"].items() if k in RENAMED} for record in valid]
    return Replay(sensor, driver, "air", frames, rows, seconds, request, settings)


def _gnss(log: str, records: Sequence[Mapping[str, Any]]) -> Replay:
    """Return all sentences of a log whose check is right, also those that say nothing of interest."""
    valid = [record for record in records if record["checksum_ok"]]
    frames = [f"{record['text']}\r\n".encode("latin-1") for record in valid]
    told = [record for record in valid if "expect" in record and record["text"] not in HELD_BACK]
    rows = [row for record in told if (row := _row(record["text"], record["expect"]))]
    held_back = sum(record["text"] in HELD_BACK for record in valid)
    rejected = Counter({"no-fix": len(told) - len(rows), "format": held_back})
    sensor = f"gnss-{log.lower().replace('_', '-')}"
    seconds = min(CADENCE, LONGEST / len(frames))
    return Replay(sensor, "nmea", "health", frames, rows, seconds, rejected=+rejected)


def _row(text: str, expect: Mapping[str, Any]) -> dict[str, float]:
    """Return what a sentence becomes: nothing from an RMC without a fix, no place from a GGA without one."""
    fields = text.partition("*")[0].split(",")
    place = {"latitude": expect["lat"], "longitude": expect["lon"]}
    if expect["type"] == "RMC" and expect["status"] != "A":
        return {}
    if expect["type"] == "RMC":
        return _known(place | {"ground_speed": round(expect["sog_kn"] * KNOTS, 4)}, course=fields[8])
    told = {"fix": expect["quality"], "satellites": expect["sats"]}
    if not expect["quality"]:
        return _known(told)
    return _known(told | place | {"altitude": expect["alt_m"]}, hdop=fields[8])


def _known(values: Mapping[str, float | None], **texts: str) -> dict[str, float]:
    """Return the values that were said, those of the texts as numbers."""
    numbers = {name: float(text) for name, text in texts.items() if text}
    return {name: value for name, value in values.items() if value is not None} | numbers
