"""Sums that only grow, as differences: what a rain gauge or an energy meter counted since it was read before."""

from __future__ import annotations

from collections.abc import MutableMapping


def difference(
    memory: MutableMapping[str, float], name: str, count: float, *, wraps_at: int, most: float
) -> float | None:
    """Return how far a counter went since it was read before, None the first time; `memory` keeps the count.

    A count below the one before is a wrap where the way over `wraps_at` is at most `most`; otherwise the device began
    again at 0, and what it counted since then is all that is known.
    """
    before = memory.get(name)
    memory[name] = count
    if before is None:
        return None
    if count >= before:
        return count - before
    over = count + wraps_at - before
    return over if wraps_at and 0 <= over <= most else count
