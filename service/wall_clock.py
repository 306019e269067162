"""Whether a wall clock has ever been set: a board without a battery starts in 1970 or where it was switched off."""

from __future__ import annotations

FLOOR_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z, before this software was written."""


def is_set(milliseconds: int) -> bool:
    """Tell whether milliseconds since 1970 can be the present."""
    return milliseconds >= FLOOR_MS
