"""Paces what may wait on links that are paid by the byte."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Meter:
    """Lets bytes through at a rate, in bytes a second; 0 lets everything through."""

    rate: float
    _ready_at: float = 0.0

    def ready_at(self) -> float:
        """Return the monotonic time from which more may be sent."""
        return self._ready_at

    def spend(self, size: int, now: float) -> None:
        """Note that so many bytes were sent."""
        if self.rate > 0:
            self._ready_at = max(now, self._ready_at) + size / self.rate
