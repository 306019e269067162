"""Which loops of a service still turn: the systemd watchdog is fed by this, never by a timer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE = 45.0
"""Seconds that a loop may take for one turn before it counts as stuck."""

_SLICE = 5.0


class Progress:
    """Notes each turn of each named loop."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start with no loops; a loop is watched from its first turn until it is done."""
        self._monotonic = monotonic
        self._turned: dict[str, float] = {}

    def turn(self, loop: str) -> None:
        """Note that a loop came round."""
        self._turned[loop] = self._monotonic()

    async def sleep(self, loop: str, seconds: float) -> None:
        """Wait, on purpose, without counting as stuck."""
        while seconds > 0:
            self.turn(loop)
            await asyncio.sleep(min(seconds, _SLICE))
            seconds -= _SLICE

    def done(self, loop: str) -> None:
        """Watch a loop no longer."""
        self._turned.pop(loop, None)

    def stuck(self) -> list[str]:
        """Return the loops that have not come round for PATIENCE seconds."""
        now = self._monotonic()
        return sorted(name for name, at in self._turned.items() if now - at > PATIENCE)
