"""What a process holds at a moment, and how that changes with the readings that went through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psutil

_DAY = 24 * 86_400
"""Readings of a day at the reference load of 24 a second."""

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """A process at a moment: how many readings had gone through, its megabytes, files, threads and bytes written."""

    readings: int
    megabytes: float
    files: int
    threads: int
    written: int


def sample(pid: int, readings: int) -> Sample:
    """Look at a process."""
    process = psutil.Process(pid)
    with process.oneshot():
        return Sample(
            readings,
            process.memory_info().rss / _MEGABYTE,
            process.num_fds(),
            process.num_threads(),
            process.io_counters().write_bytes,
        )


def settled(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the samples without the first third, in which caches fill."""
    return samples[len(samples) // 3 :]


def slope(samples: Sequence[Sample]) -> float:
    """Return by how many megabytes the memory grows in a day's worth of readings, by least squares."""
    count = len(samples)
    mean_x = sum(s.readings for s in samples) / count
    mean_y = sum(s.megabytes for s in samples) / count
    spread = sum((s.readings - mean_x) ** 2 for s in samples)
    if not spread:
        return 0.0
    return _DAY * sum((s.readings - mean_x) * (s.megabytes - mean_y) for s in samples) / spread


def days(readings: int) -> float:
    """Return how many days of the reference load so many readings are."""
    return readings / _DAY
