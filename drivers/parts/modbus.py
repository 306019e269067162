"""Modbus RTU, from the asking side: requests to read registers, and the answers of one device to them.

A request is address, function, first register, count and CRC; an answer is address, function, number of bytes, the
registers (high byte first) and CRC; a refusal is address, function + 80, a code and CRC.
Source: Modbus over Serial Line 1.02 and Application Protocol 1.1b3; vectors of pymodbus.
"""

from __future__ import annotations

from collections.abc import Iterable

from drivers.parts.checksum import crc16_modbus
from drivers.parts.framing import FrameScanner

HOLDING, INPUT, WRITE_ONE = 3, 4, 6
"""Functions: read holding registers, read input registers, write one register."""

_REFUSED = 0x80
_REFUSAL_SIZE = 5


def request(address: int, function: int, register: int, value: int) -> bytes:
    """Return what asks for `value` registers from the first on, or writes `value` into it."""
    frame = bytes((address, function)) + register.to_bytes(2, "big") + value.to_bytes(2, "big")
    return frame + crc16_modbus(frame).to_bytes(2, "little")


def answers(address: int, function: int, counts: Iterable[int]) -> FrameScanner:
    """Return a scanner of one device's answers with so many registers, its refusals, and its echoes of writes."""
    lengths = {bytes((address, function, 2 * count)): 2 * count + 5 for count in counts}
    lengths |= {bytes((address, refused | _REFUSED)): _REFUSAL_SIZE for refused in (function, WRITE_ONE)}
    lengths[bytes((address, WRITE_ONE))] = 8
    return FrameScanner(lengths, _damage)


def is_refusal(frame: bytes) -> bool:
    """Tell whether the device refused what it was asked."""
    return bool(frame[1] & _REFUSED)


def is_echo(frame: bytes) -> bool:
    """Tell whether it is the echo of a write."""
    return frame[1] == WRITE_ONE


def registers(frame: bytes) -> bytes:
    """Return the registers of an answer, two bytes each."""
    return frame[3:-2]


def _damage(frame: bytes) -> str | None:
    return None if int.from_bytes(frame[-2:], "little") == crc16_modbus(frame[:-2]) else "checksum"
