"""The bits of a reading's quality: 0 is good, and nothing is deleted for being odd."""

from __future__ import annotations

from enum import IntFlag


class Quality(IntFlag):
    """Why a value may be doubted; several may hold at once. CALIBRATED is no doubt: the value was corrected."""

    GOOD = 0
    WARMING_UP = 1
    OUT_OF_RANGE = 2
    STUCK = 4
    TIME_ESTIMATED = 8
    SCENE_DEGRADED = 16
    CALIBRATED = 32
    PARTIAL = 64
    """An interval that was not observed whole (start, stop, lost picture)."""
    JUMP = 128
    """Further from the reading before than the air, the water or the weather can go in that time."""
    UNDERVOLTAGE = 256
    """The computer's supply was too low, and with it most likely the sensor's."""
    AVERAGED = 512
    """The mean of a minute, made on the agent when its spool was full; the readings themselves are a gap.

    The highest bit, so that a store finds means by comparing.
    """

    @property
    def words(self) -> str:
        """The bits that are set, for people; empty where it is good."""
        return ", ".join(bit.name.lower().replace("_", " ") for bit in Quality if bit & self and bit.name)
