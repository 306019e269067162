"""What Plantower's sensors share: 42 4D, the length of what follows, words, and a 16-bit sum of all before it."""

from __future__ import annotations

from collections.abc import Callable
from struct import unpack

from drivers.parts.checksum import sum16
from drivers.parts.framing import FrameScanner

ACTIVE = bytes.fromhex("424de100010171")
"""Has the sensor report by itself."""

READ = bytes.fromhex("424de200000171")
"""Asks for one report, where the sensor was told to wait for questions."""

SLEEP, WAKE = bytes.fromhex("424de400000173"), bytes.fromhex("424de400010174")
"""Switch fan and laser off and on."""

_HEADER = b"\x42\x4d"


def reports(length: int) -> FrameScanner:
    """Return a scanner of reports that are so long as a whole."""
    return FrameScanner({_HEADER: length}, _damage(length))


def masses(frame: bytes) -> dict[str, float]:
    """Return the masses under atmospheric conditions, in µg/m³: words 4 to 6."""
    return dict(zip(("pm1", "pm2_5", "pm10"), unpack(">3H", frame[10:16]), strict=True))


def _damage(length: int) -> Callable[[bytes], str | None]:
    follows = (length - 4).to_bytes(2, "big")

    def damage(frame: bytes) -> str | None:
        if frame[2:4] != follows:
            return "length"
        return None if int.from_bytes(frame[-2:], "big") == sum16(frame[:-2]) else "checksum"

    return damage
