"""RFbeam K-LD7: a radar that is asked for the speed, distance and angle of its nearest target.

Four letters, the length of what follows (four bytes, low byte first), and that: TDAT has the distance in cm, the speed
in 0.01 km/h (signed, negative while approaching), the angle in 0.01° and the magnitude, words with the low byte first;
a TDAT of length 0 tells that there is no target. RESP answers a command, 0 for good. There is no check; values beyond
what the radar can say are rejected. Source: RFbeam's K-LD7 data sheet rev B, page 19 (its figure of GBYE prints the
bytes of INIT).
"""

from __future__ import annotations

from struct import unpack

from drivers.driver import Driver, LineSettings
from drivers.parts import radar
from drivers.parts.framing import FrameScanner
from telemetry.reading import Measurement

_INIT = bytes.fromhex("494e49540400000000000000")
_TARGET, _NOTHING, _ANSWER = b"TDAT\x08\0\0\0", b"TDAT\0\0\0\0", b"RESP\x01\0\0\0"


class Kld7(Driver):
    """Asks for the target twenty times a second."""

    title = "RFbeam K-LD7"
    line = LineSettings(115200, parity="E")
    quantities = radar.QUANTITIES
    tested = "data sheet only"
    sure = "A"
    power = "3 to 5 V, 40 mA; 3.3 V logic"
    has_check = False
    interval = 0.05
    samples = True
    notes = "Speeds up to 100 km/h as set by the maker. Needs even parity."
    opening = _INIT
    request = bytes.fromhex("474e46440400000008000000")
    closing = b"GBYE\0\0\0\0"

    def framing(self) -> FrameScanner:
        """Cut targets, their absence, and answers to commands."""
        return FrameScanner({_TARGET: 16, _NOTHING: 8, _ANSWER: 9}, lambda _: None)

    def read(self, frame: bytes) -> Measurement | str | None:
        """Return a sample, the cause why it is none, or None for the answer to a command."""
        if frame.startswith(_ANSWER):
            return None if frame[8] == 0 else "error-code"
        if frame.startswith(_NOTHING):
            return radar.sample(0)
        distance, speed, angle, _ = unpack("<HhhH", frame[8:])
        if distance > 10_000 or abs(angle) > 9_000:
            return "out-of-device-range"
        return radar.sample(-speed / 100)
