"""What gap readings say about missing numbers."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hub.completeness import spans
from hub.completeness.lives import Extent, Life, extent, goes_on
from hub.completeness.spans import Span, Spans


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap reading: the numbers it names, how many of them are missing and why; its own time and number."""

    cause: str
    span: Span
    count: int
    time: int
    seq: int

    @property
    def is_exact(self) -> bool:
        """Whether all numbers that it names are missing."""
        return self.count >= self.span.count


def explained(missing: Spans, gaps: Sequence[Gap]) -> dict[str, list[Span]]:
    """Return by cause which missing numbers the gaps explain, each number once.

    A gap of fewer numbers than it spans explains so many of the missing ones in its span, whichever they are. Taken by
    their ends, each the lowest that are left, such gaps explain as many as they can together.
    """
    left, found = list(missing), defaultdict[str, list[Span]](list)
    for cause in sorted({gap.cause for gap in gaps}):
        told = spans.joined(gap.span for gap in gaps if gap.is_exact and gap.cause == cause)
        found[cause] += spans.common(left, told)
        left = spans.without(left, told)
    for gap in sorted((gap for gap in gaps if not gap.is_exact), key=lambda gap: (gap.span.last, gap.span.first)):
        found[gap.cause] += _taken(left, gap.span, gap.count)
    return {cause: spans.joined(numbers) for cause, numbers in found.items() if numbers}


def _taken(left: list[Span], within: Span, most: int) -> list[Span]:
    """Take out the lowest numbers within a span, so many at most, and return them."""
    taken: list[Span] = []
    place = bisect_left(left, within.first, key=lambda span: span.last)
    while most > 0 and place < len(left) and left[place].first <= within.last:
        one = left[place]
        first = max(one.first, within.first)
        part = Span(first, min(one.last, within.last, first + most - 1))
        rest = spans.without([one], [part])
        left[place : place + 1] = rest
        place += one.first < part.first
        taken.append(part)
        most -= part.count
    return taken


def by_life(gaps: Iterable[Gap], lives: Sequence[Life], until: int) -> list[list[Gap]]:
    """Return the gaps of each life, `until` being the end of the time that was looked at."""
    found: list[list[Gap]] = [[] for _ in lives]
    extents = [extent(life) for life in lives]
    continued = [False, *(goes_on(*pair) for pair in pairwise(lives))]
    for gap in gaps:
        place = _told_in(gap, extents, until) - _is_about_life_before(gap)
        while 0 < place < len(lives) and continued[place] and gap.span.last < extents[place].span.first:
            place -= 1
        if 0 <= place < len(lives):
            found[place].append(gap)
    return found


def _told_in(gap: Gap, lives: Sequence[Extent], until: int) -> int:
    """Return the place of the life that a gap was told in, which may lie before or after those that are seen."""
    is_later = lives and gap.time >= until and gap.seq < lives[-1].span.last
    return len(lives) if is_later else sum(life.begin <= gap.time for life in lives) - 1


def _is_about_life_before(gap: Gap) -> bool:
    """Tell whether a gap names what was not numbered before it: what is told later in a life has the higher number."""
    return gap.seq <= gap.span.last
