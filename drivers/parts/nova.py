"""What Nova Fitness's sensors share: ten bytes AA ... AB, with the sum of bytes 2-7 before the end mark."""

from __future__ import annotations

from drivers.parts.checksum import sum8
from drivers.parts.framing import FrameScanner


def reports(*headers: bytes) -> FrameScanner:
    """Return a scanner of the reports behind headers of two bytes."""
    return FrameScanner(dict.fromkeys(headers, 10), _damage)


def _damage(frame: bytes) -> str | None:
    if frame[9] != 0xAB:
        return "tail"
    return None if frame[8] == sum8(frame[2:8]) else "checksum"
