"""RDM6300 and RDM630: readers of 125 kHz cards (EM4100), which say a card's number while it is held to them.

Fourteen bytes: 02, ten hexadecimal digits, the exclusive or of their five bytes as two digits, 03; repeated about every
50 ms. Readers do say cards with a wrong sum (seen in two forum captures): these are dropped. The number never leaves
the driver; see parts/identity.py. Source: captures of users (Seeed forum 16324, Hobby Components forum).
"""

from __future__ import annotations

from functools import reduce
from operator import xor
from types import MappingProxyType

from drivers.driver import Driver, LineSettings
from drivers.parts import identity
from drivers.parts.framing import FrameScanner
from telemetry.reading import Measurement

_DIGITS = frozenset(b"0123456789ABCDEFabcdef")


class Rdm6300(Driver):
    """Tells that a card was held to the reader, as a salted number."""

    title = "RDM6300, RDM630 card reader, 125 kHz"
    line = LineSettings(9600)
    quantities = identity.QUANTITIES
    tested = "captures"
    sure = "A"
    power = "5 V, 50 mA; TTL"
    interval = 0.05
    speaks_at_times = True
    repeats = True
    options = (identity.SALT,)
    example = MappingProxyType({"salt": "only for the captures"})
    notes = "Off until a salt is given. A card's number is not secret: who holds a copy is taken for its owner."

    def __init__(self, **said: object) -> None:
        """Start with nothing heard; raises BadOption."""
        super().__init__(**said)
        self._salt = identity.checked_salt(self.chosen["salt"])

    def framing(self) -> FrameScanner:
        """Cut frames of fourteen bytes."""
        return FrameScanner({b"\x02": 14}, _damage)

    def read(self, frame: bytes) -> Measurement:
        """Return that somebody was there."""
        return identity.attendance(self._salt, "em4100", bytes.fromhex(frame[1:11].decode("ascii")))


def _damage(frame: bytes) -> str | None:
    if frame[13] != 3:
        return "tail"
    if not _DIGITS.issuperset(frame[1:13]):
        return "format"
    number = bytes.fromhex(frame[1:13].decode("ascii"))
    return None if reduce(xor, number) == 0 else "checksum"
