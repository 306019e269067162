"""Traffic totals of a minute: what was counted, and for how long the scene was really seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

SECOND = 1_000_000_000
LEAST_SEEN = SECOND
"""Nanoseconds of sight under which nothing is said, unless something was counted: not known is not none."""
SLACK = 0.01
"""The share of an interval that may be missing from one that counts as whole."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What is counted apart: a class in a direction over a line."""

    line: str
    direction: str
    kind: str


@dataclass(frozen=True, slots=True)
class Total:
    """One interval, from `since` to `at` in monotonic nanoseconds."""

    since: int
    at: int
    counts: Mapping[Movement, int]
    """Every movement, zeros included."""
    observed: float
    """Seconds."""
    whole: bool

    @property
    def middle(self) -> int:
        """The time to date it with: one on its edge would fall into the next interval by a slip of the clock."""
        return (self.since + self.at) // 2


class Intervals:
    """Cuts time at multiples of `length` seconds of the wall clock; all times in monotonic nanoseconds."""

    def __init__(self, movements: Sequence[Movement], length: float, wall: Callable[[], int]) -> None:
        """Take in `wall` what returns the nanoseconds by which the wall clock is ahead of the monotonic one."""
        self._movements = movements
        self._length = round(length * SECOND)
        self._slack = round(self._length * SLACK)
        self._wall = wall
        self._start = self._end = self._observed = 0
        self._counts: Counter[Movement] = Counter()

    def saw(self, since: int, until: int) -> list[Total]:
        """Take it that the scene was seen from one time to another; return the intervals that ended meanwhile."""
        totals = [*self.advance(since)]
        while until >= self._end:
            self._observed += self._end - since
            since = self._end
            totals.extend(self._close(self._end))
            self._open(since)
        self._observed += until - since
        return totals

    def advance(self, now: int) -> list[Total]:
        """Let time pass unseen; return the intervals that ended meanwhile."""
        if not self._end:
            self._open(now)
        if now < self._end:
            return []
        totals = list(self._close(self._end))
        self._open(self._end if now < self._end + self._length else now)
        return totals

    def count(self, movement: Movement) -> None:
        """Count one in the interval that is open."""
        self._counts[movement] += 1

    def finish(self, now: int) -> list[Total]:
        """End the open interval before its time."""
        totals = self.advance(now)
        totals.extend(self._close(now))
        self._end = 0
        return totals

    def _open(self, now: int) -> None:
        """Open the interval that holds `now`."""
        self._start, self._end = now, now + self._length - (now + self._wall()) % self._length
        self._observed = 0
        self._counts = Counter()

    def _close(self, at: int) -> Iterator[Total]:
        if not self._end or (self._observed < LEAST_SEEN and not self._counts):
            return
        whole = min(at - self._start, self._observed) >= self._length - self._slack
        counts = {movement: self._counts[movement] for movement in self._movements}
        yield Total(self._start, at, counts, min(self._observed, self._length) / SECOND, whole)
