"""What Honeywell's HPM sensors share: they are told to be asked, and the bytes of an answer sum to 0."""

from __future__ import annotations

from drivers.parts.checksum import negated_sum8
from drivers.parts.framing import FrameScanner

OPENING = bytes.fromhex("68010196") + bytes.fromhex("68012077")
"""Starts the fan, and stops the reports that the sensor makes by itself after power-on."""

ASK = bytes.fromhex("68010493")
"""Asks for the masses."""

HIGHEST = 1000
"""In µg/m³."""


def answers(header: bytes, length: int) -> FrameScanner:
    """Return a scanner of answers to that question."""
    return FrameScanner({header: length}, _damage)


def _damage(frame: bytes) -> str | None:
    return None if frame[-1] == negated_sum8(frame[:-1]) else "checksum"
