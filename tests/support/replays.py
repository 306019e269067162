"""Every valid public capture of the first four drivers, as frames to play and the values that must arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.captures import shared
from tests.support.players import Player

RENAMED = {"pm01": "pm1", "pm25": "pm2_5", "pm10": "pm10", "CO2": "co2"}
KNOTS = 1.852
CO2_REQUEST = bytes.fromhex("ff0186000000000079")
GNSS_LOGS = ("eXplorist210", "bu353s4", "magellan-ec10", "hab-gpspi")


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
    """Return one replay for each binary sensor and for each of some GNSS logs; skips where captures are absent."""
    return [
        _binary("dust", "sds011", seconds=0.1),
        _binary("dust-two", "pmsx003", seconds=0.1),
        _binary("co2", "mhz19b", seconds=0.0, request=CO2_REQUEST, settings="poll_seconds = 0.1"),
        *(_gnss(log) for log in GNSS_LOGS),
    ]


def _binary(sensor: str, driver: str, *, seconds: float, request: bytes = b"", settings: str = "") -> Replay:
    valid = [record for record in shared(f"{driver}.jsonl") if record["valid"]]
    frames = [bytes.fromhex(record["hex"]) for record in valid]
    rows = [{RENAMED[k]: v for k, v in record["expect"].items() if k in RENAMED} for record in valid]
    return Replay(sensor, driver, "air", frames, rows, seconds, request, settings)


def _gnss(log: str) -> Replay:
    """Return a log's sentences with a known meaning; one without a fix becomes no row, or `fix=0` from a GGA."""
    told = [r for r in shared("nmea.jsonl") if r["log"] == log and r["checksum_ok"] and "expect" in r]
    frames = [f"{record['text']}\r\n".encode("latin-1") for record in told]
    rows = [row for record in told if (row := _position(record["expect"]))]
    return Replay(f"gnss-{log.lower()}", "nmea", "health", frames, rows, 0.05)


def _position(expect: Mapping[str, Any]) -> dict[str, float]:
    place = {"latitude": expect["lat"], "longitude": expect["lon"]}
    if expect["type"] == "RMC":
        return place | {"ground_speed": expect["sog_kn"] * KNOTS} if expect["status"] == "A" else {}
    if not expect["quality"]:
        return {"fix": 0}
    return place | {"fix": expect["quality"]}
