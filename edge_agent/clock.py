"""Time at the site: a monotonic clock for sampling and deadlines, the wall clock only to stamp, and only if trusted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from service.wall_clock import is_set, is_synchronised
from telemetry.quality import Quality
from telemetry.reading import Measurement

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Return the kernel's name for this boot; monotonic times mean something only within it."""
    return _BOOT_ID.read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where the wall clock stands beside the monotonic one, taken when the wall clock could be trusted."""

    wall_ms: int
    monotonic_ns: int
    quality: Quality = Quality.GOOD
    """TIME_ESTIMATED where nobody vouches for the wall clock."""

    def milliseconds(self, at: int) -> int:
        """Return the wall-clock milliseconds since 1970 of a monotonic time in nanoseconds."""
        return self.wall_ms + (at - self.monotonic_ns) // 1_000_000

    def marked(self, measurement: Measurement) -> Measurement:
        """Return a measurement that says how far its time can be trusted."""
        return replace(measurement, quality=measurement.quality | self.quality) if self.quality else measurement


@dataclass(slots=True)
class OnceVouched:
    """Whether the clock has been vouched for since the boot: away from NTP it drifts by seconds a day, which is little.

    The kernel calls itself unsynchronised after some nine hours without NTP.
    """

    known: bool
    ask: Callable[[], bool] = is_synchronised

    def __call__(self) -> bool:
        """Tell whether it has."""
        self.known = self.known or self.ask()
        return self.known


@dataclass(frozen=True, slots=True)
class Clock:
    """The system's clocks, or a test's."""

    wall_ns: Callable[[], int] = time.time_ns
    monotonic_ns: Callable[[], int] = time.monotonic_ns
    is_vouched_for: Callable[[], bool] = is_synchronised
    """Whether somebody vouches for the wall clock: NTP, or whoever installed a battery-backed one."""
    patience_ns: int = 0
    """Nanoseconds after the boot from which on a wall clock for which nobody vouches is better than none."""

    def stamp(self) -> Stamp | None:
        """Return how to date readings now, None while the wall clock cannot be trusted."""
        wall_ms, monotonic = self.wall_ns() // 1_000_000, self.monotonic_ns()
        if not is_set(wall_ms):
            return None
        if self.is_vouched_for():
            return Stamp(wall_ms, monotonic)
        if monotonic < self.patience_ns:
            return None
        return Stamp(wall_ms, monotonic, Quality.TIME_ESTIMATED)
