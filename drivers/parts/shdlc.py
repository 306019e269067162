"""Sensirion's SHDLC: frames between two 7E, with what could be one replaced, and a sum that is inverted.

Source: Sensirion's SPS30 data sheet, chapter 5, confirmed by captures (avaldebe/PyPMS).
"""

from __future__ import annotations

from collections.abc import Iterator

from drivers.parts.checksum import sum8
from drivers.parts.framing import Scanner

_MARK = b"\x7e"
_ESCAPES = {b"\x7d\x5e": b"\x7e", b"\x7d\x31": b"\x11", b"\x7d\x33": b"\x13", b"\x7d\x5d": b"\x7d"}
_SHORTEST = 5
"""Address, command, state, length of the data, sum."""


class ShdlcScanner(Scanner):
    """Yields answers as address, command, state, length and data, without marks, replacements and sum.

    It keeps less than `longest` bytes, replacements included. Where a mark was lost, the next one ends the search.
    """

    def __init__(self, longest: int) -> None:
        """Take the most bytes between two marks."""
        super().__init__(bound=longest)
        self._longest = longest

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the sound answers that the bytes complete."""
        self._buffer += data
        while (end := self._buffer.find(_MARK)) >= 0:
            stuffed = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            if stuffed:
                yield from self._frame(stuffed)
        while len(self._buffer) > self._longest:
            del self._buffer[: self._longest]
            self.rejected["noise"] += 1

    def _frame(self, stuffed: bytes) -> Iterator[bytes]:
        frame = _without_escapes(stuffed)
        if len(frame) < _SHORTEST or len(frame) != _SHORTEST + frame[3]:
            self.rejected["length"] += 1
        elif frame[-1] != ~sum8(frame[:-1]) & 0xFF:
            self.rejected["checksum"] += 1
        else:
            yield frame[:-1]


def _without_escapes(stuffed: bytes) -> bytes:
    """Return the bytes that were meant; 7D itself comes last, so that what it stood for is not replaced again."""
    for escape, meant in _ESCAPES.items():
        stuffed = stuffed.replace(escape, meant)
    return stuffed
