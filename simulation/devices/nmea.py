"""A GNSS receiver that stands on a pole: RMC and GGA each second (NMEA 0183)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from simulation.devices.device import Beat, Frame
from simulation.devices.wander import Wander

_KNOT = 1.852
"""Kilometres per hour."""
_NOISE = 2.5e-5
"""Degrees either way, about three metres."""


def _now() -> datetime:
    return datetime.now(UTC)


class Nmea:
    """Reports a fixed place with the noise of a real fix; `utc` tells the time it says."""

    def __init__(
        self, seed: int = 0, *, latitude: float = -6.2, longitude: float = 106.8, utc: Callable[[], datetime] = _now
    ) -> None:
        self._utc = utc
        self._latitude = Wander(f"{seed}/lat", low=latitude - _NOISE, high=latitude + _NOISE, period=120.0)
        self._longitude = Wander(f"{seed}/lon", low=longitude - _NOISE, high=longitude + _NOISE, period=120.0)
        self._altitude = Wander(f"{seed}/alt", low=12.0, high=20.0, period=120.0)
        self._hdop = Wander(f"{seed}/hdop", low=0.7, high=1.6)
        self._used = Wander(f"{seed}/used", low=7.0, high=12.9)
        self._drift = Wander(f"{seed}/drift", low=0.0, high=0.4, period=20.0)
        self._beat = Beat(1.0)

    @property
    def due(self) -> float:
        """When the next pair of sentences is due."""
        return self._beat.due

    def speak(self, now: float) -> tuple[Frame, ...]:
        """Return the second's RMC and GGA."""
        self._beat.next(now)
        clock = self._utc()
        place, values = _place(self._latitude.at(now), self._longitude.at(now))
        return self._rmc(clock, place, values, now), self._gga(clock, place, values, now)

    def hear(self, data: bytes, now: float) -> tuple[Frame, ...]:  # noqa: ARG002  it takes no commands
        """Return nothing."""
        return ()

    def _rmc(self, clock: datetime, place: str, values: dict[str, float], now: float) -> Frame:
        knots = f"{self._drift.at(now):.2f}"
        text = f"GPRMC,{clock:%H%M%S}.00,A,{place},{knots},,{clock:%d%m%y},,,A"
        return Frame(_sentence(text), {**values, "ground_speed": float(knots) * _KNOT})

    def _gga(self, clock: datetime, place: str, values: dict[str, float], now: float) -> Frame:
        used, hdop = int(self._used.at(now)), f"{self._hdop.at(now):.2f}"
        height = f"{self._altitude.at(now):.1f}"
        text = f"GPGGA,{clock:%H%M%S}.00,{place},1,{used:02d},{hdop},{height},M,2.6,M,,"
        said = {"altitude": float(height), "fix": 1, "satellites": used, "hdop": float(hdop)}
        return Frame(_sentence(text), {**values, **said})


def _place(latitude: float, longitude: float) -> tuple[str, dict[str, float]]:
    """Return the fields of a place and the degrees they say."""
    fields, values = [], {}
    for name, degrees, width, signs in (("latitude", latitude, 2, "NS"), ("longitude", longitude, 3, "EW")):
        whole, minutes = divmod(round(abs(degrees) * 600000), 600000)
        fields.append(f"{whole:0{width}d}{minutes / 10000:07.4f},{signs[degrees < 0]}")
        values[name] = (whole + minutes / 600000) * (-1 if degrees < 0 else 1)
    return ",".join(fields), values


def _sentence(text: str) -> bytes:
    total = 0
    for byte in text.encode("ascii"):
        total ^= byte
    return f"${text}*{total:02X}\r\n".encode("ascii")
