"""Values that wander slowly and smoothly: a pure function of seed and time."""

from __future__ import annotations

from math import floor
from random import Random

_OCTAVES = 4


class Wander:
    """A smooth random walk that stays between `low` and `high` and changes much within `period` seconds."""

    def __init__(self, seed: str, *, low: float, high: float, period: float = 600.0) -> None:
        self._seed, self._low, self._high, self._period = seed, low, high, period

    def at(self, time: float) -> float:
        """Return the value at a time in seconds."""
        total = sum(self._octave(time, octave) / 2.0**octave for octave in range(_OCTAVES))
        return self._low + (self._high - self._low) * total / (2 - 2 / 2.0**_OCTAVES)

    def _octave(self, time: float, octave: int) -> float:
        """Glide between random values 0 to 1 that lie one period, halved by octave, apart."""
        place = time * 2.0**octave / self._period
        cell = floor(place)
        part = place - cell
        smooth = part * part * (3 - 2 * part)
        return (1 - smooth) * self._corner(octave, cell) + smooth * self._corner(octave, cell + 1)

    def _corner(self, octave: int, cell: int) -> float:
        return Random(f"{self._seed}/{octave}/{cell}").random()
