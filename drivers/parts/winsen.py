"""What Winsen's modules share: nine bytes FF 86 ... in answer to a question, and a sum that is negated."""

from __future__ import annotations

from drivers.parts.checksum import negated_sum8
from drivers.parts.framing import FrameScanner

BE_ASKED = bytes.fromhex("ff0178410000000046")
"""Has the module wait for questions."""

ASK = bytes.fromhex("ff0186000000000079")
"""Asks for the values."""


def answers() -> FrameScanner:
    """Return a scanner of answers."""
    return FrameScanner({b"\xff\x86": 9}, _damage)


def _damage(frame: bytes) -> str | None:
    return None if frame[8] == negated_sum8(frame[1:8]) else "checksum"
