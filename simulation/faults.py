"""What can happen to bytes on a wire: a small plan per sensor, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


class Faults:
    """Flips a bit or loses a byte of some frames, and all of those in the spans of silence (seconds from, to)."""

    def __init__(
        self, seed: int = 0, *, flip: float = 0.0, lose: float = 0.0, silence: Sequence[tuple[float, float]] = ()
    ) -> None:
        """Take the probabilities per frame."""
        self._random = Random(f"{seed}/faults")
        self._flip, self._lose, self._silence = flip, lose, tuple(silence)

    def carried(self, raw: bytes, now: float) -> bytes:
        """Return what is left of a frame at a time in seconds."""
        flips, loses, place = self._random.random(), self._random.random(), self._random.random()
        if not raw or any(start <= now < end for start, end in self._silence):
            return b""
        spot = int(place * len(raw))
        if flips < self._flip:
            raw = raw[:spot] + bytes((raw[spot] ^ (1 << self._random.randrange(8)),)) + raw[spot + 1 :]
        return raw[:spot] + raw[spot + 1 :] if loses < self._lose else raw
