"""Sets of sequence numbers as spans that are in order and do not touch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Numbers from first to last, both included."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """How many numbers."""
        return self.last - self.first + 1


Spans = Sequence[Span]
"""In order, not touching."""


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return the numbers that are in any of the spans, which may overlap and be in any order."""
    whole: list[Span] = []
    for span in sorted(spans):
        if whole and span.first <= whole[-1].last + 1:
            whole[-1] = Span(whole[-1].first, max(whole[-1].last, span.last))
        else:
            whole.append(span)
    return whole


def count(spans: Iterable[Span]) -> int:
    """Return how many numbers spans hold that do not overlap."""
    return sum(span.count for span in spans)


def between(spans: Spans) -> Iterator[Span]:
    """Yield what is missing between the first and the last number."""
    for earlier, later in pairwise(spans):
        yield Span(earlier.last + 1, later.first - 1)


def common(some: Spans, others: Spans) -> list[Span]:
    """Return the numbers that are in both."""
    found: list[Span] = []
    mine = theirs = 0
    while mine < len(some) and theirs < len(others):
        a, b = some[mine], others[theirs]
        if max(a.first, b.first) <= min(a.last, b.last):
            found.append(Span(max(a.first, b.first), min(a.last, b.last)))
        mine, theirs = (mine + 1, theirs) if a.last < b.last else (mine, theirs + 1)
    return found


def without(some: Spans, others: Spans) -> list[Span]:
    """Return the numbers of the first that are not in the second."""
    if not some or not others:
        return list(some)
    ends = (Span(some[0].first - 2, some[0].first - 2), Span(some[-1].last + 2, some[-1].last + 2))
    return common(some, list(between(joined((*others, *ends)))))
