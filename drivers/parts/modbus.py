"""Modbus RTU, from the asking side: requests to read registers, and the answers of one device to them.

A request is address, function, first register, count and CRC; an answer is address, function, number of bytes, the
registers (high byte first) and CRC; a refusal is address, function + 80, a code and CRC.
Source: Modbus over Serial Line 1.02 and Application Protocol 1.1b3; vectors of pymodbus.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

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


class BusScanner(FrameScanner):
    """Cuts the answers of every device on a line, as long as those that are asked for, for the driver to tell apart."""

    def __init__(self, asked: Collection[tuple[int, int]]) -> None:
        """Take the functions and counts of registers that are asked for."""
        answers = {bytes((function, 2 * count)): 2 * count + 5 for function, count in asked}
        refusals = {bytes((function | _REFUSED,)): _REFUSAL_SIZE for function, _ in asked}
        self._sizes = answers | refusals
        super().__init__(self._sizes, _damage)
        self._header = re.compile(b"[\x01-\xf8](%b)" % b"|".join(map(re.escape, self._sizes)), re.DOTALL)
        self._beginning = re.compile(b"[\x01-\xf8][%b]?\\Z" % bytes({key[0] for key in answers}), re.DOTALL)

    def _at_header(self) -> int:
        """Bring the next answer, or what may become one, to the front; return its length, 0 if unknown."""
        if found := self._header.search(self._buffer):
            start, size = found.start(), self._sizes[bytes(found[1])]
            self._discard(start)
            return size
        begun = self._beginning.search(self._buffer, max(0, len(self._buffer) - 2))
        self._discard(begun.start() if begun else len(self._buffer))
        return 0


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
