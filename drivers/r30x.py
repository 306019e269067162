"""R30x and ZFM fingerprint readers, which compare a finger with those that were enrolled in them.

EF01, address, kind of packet (01 command, 07 answer), length, payload, 16-bit sum from the kind to the payload's end.
Three commands follow each other: take an image (01), make characters of it (02 01), search them (04 01 …); an answer
begins with 00 for good. The place of the finger in the reader is an id of a person, and never leaves the driver; see
parts/identity.py; image and characters never leave the reader. Source: R30x manuals as in public code (grade B; one
command with its sum is at hand, no capture).
"""

from __future__ import annotations

from types import MappingProxyType

from drivers.driver import Driver, LineSettings
from drivers.parts import identity
from drivers.parts.checksum import sum16
from drivers.parts.framing import FrameScanner
from telemetry.reading import Measurement

_HEADER = bytes.fromhex("ef01ffffffff")
_ANSWER = _HEADER + b"\x07"
_GOOD, _NO_FINGER, _UNKNOWN_FINGER, _POOR_IMAGES = 0x00, 0x02, 0x09, frozenset({0x03, 0x06, 0x07})


def _command(payload: bytes) -> bytes:
    body = b"\x01" + (len(payload) + 2).to_bytes(2, "big") + payload
    return _HEADER + body + sum16(body).to_bytes(2, "big")


_IMAGE, _CHARACTERS, _SEARCH = (_command(bytes.fromhex(said)) for said in ("01", "0201", "0401000003e8"))


class R30x(Driver):
    """Looks for a finger, and tells that a known one was there, as a salted number."""

    title = "R30x, ZFM fingerprint reader"
    line = LineSettings(57600)
    quantities = identity.QUANTITIES
    tested = "data sheet only"
    sure = "B"
    power = "3.3 or 5 V by model; 3.3 V logic"
    interval = 0.3
    repeats = True
    options = (identity.SALT,)
    example = MappingProxyType({"salt": "only for the captures"})
    query = _command(bytes.fromhex("1d"))
    request = _IMAGE
    notes = "Off until a salt is given. Fingers are enrolled with the maker's own tool; no image leaves the reader."

    def __init__(self, **said: object) -> None:
        """Start with nothing heard; raises BadOption."""
        super().__init__(**said)
        self._salt = identity.checked_salt(self.chosen["salt"])
        self._next = self._asked = _IMAGE

    def poll(self) -> bytes:
        """Return the next of the three commands."""
        super().poll()
        self._asked, self._next = self._next, _IMAGE
        return self._asked

    def framing(self) -> FrameScanner:
        """Cut answers: a code alone, a number of fingers, or a place and a score."""
        return FrameScanner({_ANSWER + bytes((0, size)): size + 9 for size in (3, 5, 7)}, _damage)

    def read(self, frame: bytes) -> Measurement | str | None:
        """Return that somebody was there, the cause why it is not known who, or None where there is more to ask."""
        code = frame[9]
        if code in _POOR_IMAGES:
            return "error-code"
        if code == _UNKNOWN_FINGER:
            return "no-target"
        if code == _NO_FINGER:
            return None
        if code != _GOOD:
            return "error-code"
        if self._asked == _IMAGE and len(frame) == 12:
            self._next = _CHARACTERS
        elif self._asked == _CHARACTERS and len(frame) == 12:
            self._next = _SEARCH
        elif len(frame) == 16:
            return identity.attendance(self._salt, "r30x", frame[10:12])
        return None


def _damage(frame: bytes) -> str | None:
    return None if sum16(frame[6:-2]) == int.from_bytes(frame[-2:], "big") else "checksum"
