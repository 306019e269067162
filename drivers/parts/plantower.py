"""What Plantower's sensors with frames of thirty-two bytes share: 42 4D, length 001C, a 16-bit sum at the end."""

from __future__ import annotations

from drivers.parts.checksum import sum16

ACTIVE = bytes.fromhex("424de100010171")
"""Has the sensor report by itself."""


def damage_of_32(frame: bytes) -> str | None:
    """Return the cause why thirty-two bytes are no frame, None if they are one."""
    if frame[2:4] != b"\x00\x1c":
        return "length"
    return None if int.from_bytes(frame[30:], "big") == sum16(frame[:30]) else "checksum"
