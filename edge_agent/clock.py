"""Time at the site: a monotonic clock for sampling and deadlines, the wall clock only to stamp, and only if trusted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from service.wall_clock import is_set

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Return the kernel's name for this boot; monotonic times mean something only within it."""
    return _BOOT_ID.read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where the wall clock stands beside the monotonic one, taken when the wall clock could be trusted."""

    wall_ms: int
    monotonic_ns: int

    def milliseconds(self, at: int) -> int:
        """Return the wall-clock milliseconds since 1970 of a monotonic time in nanoseconds."""
        return self.wall_ms + (at - self.monotonic_ns) // 1_000_000


@dataclass(frozen=True, slots=True)
class Clock:
    """The system's clocks, or a test's."""

    wall_ns: Callable[[], int] = time.time_ns
    monotonic_ns: Callable[[], int] = time.monotonic_ns

    def stamp(self) -> Stamp | None:
        """Return how to date readings now, None while the wall clock is plainly unset."""
        wall_ms = self.wall_ns() // 1_000_000
        return Stamp(wall_ms, self.monotonic_ns()) if is_set(wall_ms) else None
