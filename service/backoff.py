"""How long to wait before the next try: doubling, capped, jittered, never under a second."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

SHORTEST = 1.0


@dataclass(slots=True)
class Backoff:
    """Counts failures in a row; full jitter above the shortest wait keeps a thousand agents from trying at once."""

    longest: float = 60.0
    pick: Callable[[float, float], float] = random.uniform
    failures: int = 0

    def failed(self) -> float:
        """Count a failure and return the seconds to wait, at least SHORTEST."""
        self.failures += 1
        ceiling = min(self.longest, SHORTEST * 2 ** min(self.failures, 16))
        return self.pick(SHORTEST, max(SHORTEST, ceiling))

    def succeeded(self) -> None:
        """Forget the failures."""
        self.failures = 0
