"""A measured figure, and how to measure CPU fairly on a noisy machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, its value with unit, and what it says."""

    what: str
    value: str
    note: str = ""


def cpu_seconds(*works: Callable[[], object]) -> list[float]:
    """Return the median CPU seconds of each work, in interleaved rounds after one warm-up each."""
    for work in works:
        work()
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for index, work in enumerate(works):
            begin = time.process_time()
            work()
            taken[index].append(time.process_time() - begin)
    return [median(times) for times in taken]
