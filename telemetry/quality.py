"""The bits of a reading's quality: 0 is good, and nothing is deleted for being odd."""

from __future__ import annotations

from enum import IntFlag


class Quality(IntFlag):
    """Why a value may be doubted; several may hold at once.

    Nothing sets WARMING_UP, STUCK and CALIBRATED yet: a driver that has no value while it warms up rejects its frames.
    """

    GOOD = 0
    WARMING_UP = 1
    OUT_OF_RANGE = 2
    STUCK = 4
    TIME_ESTIMATED = 8
    SCENE_DEGRADED = 16
    CALIBRATED = 32
    PARTIAL = 64
    """An interval that was not observed whole (start, stop, lost picture)."""
    AVERAGED = 128
    """The mean of a minute, made on the agent when its spool was full; the readings themselves are a gap."""

    @property
    def words(self) -> str:
        """The bits that are set, for people; empty where it is good."""
        return ", ".join(bit.name.lower().replace("_", " ") for bit in Quality if bit & self and bit.name)
