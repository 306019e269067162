"""Missing numbers with a date: spread evenly between the rows that were found on both sides."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.completeness import spans
from hub.completeness.lives import Life, goes_on
from hub.completeness.spans import Span


@dataclass(frozen=True, slots=True)
class Hole:
    """Numbers without a row, and the times of the rows before and after them."""

    span: Span
    after: int
    before: int

    def from_time(self, time: int) -> int:
        """Return the first number that is dated at a time or later; one more than the last if none is."""
        parts, width = self.span.count + 1, self.before - self.after
        if width <= 0:
            return self.span.last + 1 if self.after < time else self.span.first
        earlier = -((self.after - time) * parts // width) - 1
        return self.span.first + min(max(0, earlier), self.span.count)


@dataclass(frozen=True, slots=True)
class Missing:
    """Missing numbers of one hour, and the hole that they are in."""

    hour: int
    span: Span
    hole: Hole


def holes(life: Life, earlier: Life = ()) -> list[Hole]:
    """Return the holes between the numbers found, and before them where a life that followed an earlier one began."""
    found = spans.joined(run.span for run in life)
    begins = {run.span.first: run.begin for run in reversed(life)}
    ends = {run.span.last: run.end for run in life}
    inner = [Hole(gap, ends[gap.first - 1], begins[gap.last + 1]) for gap in spans.between(found)]
    lowest = found[0].first
    if earlier and lowest > 0 and not goes_on(earlier, life):
        return [Hole(Span(0, lowest - 1), begins[lowest], begins[lowest]), *inner]
    return inner


def dated(hole: Hole, edges: Sequence[int]) -> Iterator[Missing]:
    """Yield the hole's numbers by the hours that begin and end at these times; what is dated outside is left out."""
    first = max(0, bisect_right(edges, min(hole.after, hole.before)) - 1)
    for hour in range(first, len(edges) - 1):
        lower, upper = hole.from_time(edges[hour]), hole.from_time(edges[hour + 1])
        if lower < upper:
            yield Missing(hour, Span(lower, upper - 1), hole)
        if upper > hole.span.last:
            return
