"""Sets of whole numbers that lie together in runs: which batches are gone, in a few numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

Run = tuple[int, int]
"""First and last number, both included."""


class Runs:
    """A set of numbers as disjoint runs in order, never two that touch."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        """Take runs that are in order and do not touch."""
        self._runs = [(first, last) for first, last in runs]

    def __iter__(self) -> Iterator[Run]:
        """Yield the runs in order."""
        return iter(self._runs)

    def __contains__(self, number: int) -> bool:
        """Tell whether a number is in."""
        place = self._place(number)
        return place >= 0 and self._runs[place][1] >= number

    def around(self, number: int) -> Run:
        """Return the run that holds a number; raises KeyError if none does."""
        if number not in self:
            raise KeyError(number)
        return self._runs[self._place(number)]

    def _place(self, number: int) -> int:
        """Return where the last run that begins no later than a number stands, -1 if none does."""
        return bisect_right(self._runs, (number, float("inf"))) - 1

    def add(self, number: int) -> None:
        """Put a number in."""
        if number in self:
            return
        place = bisect_right(self._runs, (number, number))
        first = last = number
        if place < len(self._runs) and self._runs[place][0] == number + 1:
            last = self._runs.pop(place)[1]
        if place > 0 and self._runs[place - 1][1] == number - 1:
            place -= 1
            first = self._runs.pop(place)[0]
        self._runs.insert(place, (first, last))

    def in_at_most(self, most: int) -> tuple[Run, ...]:
        """Return so many runs at most; the oldest become one, with what lies between them."""
        cut = len(self._runs) - most + 1
        if cut <= 1:
            return tuple(self._runs)
        return ((self._runs[0][0], self._runs[cut - 1][1]), *self._runs[cut:])
