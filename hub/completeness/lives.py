"""Rows as runs of consecutive numbers in time order, and where a new spool began to count from 0 again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from hub.completeness import spans
from hub.completeness.spans import Span

_MOST_LIVES = 24
"""More than a card an hour is no change of cards."""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive numbers that were found, and the times (in nanoseconds) of the first and the last."""

    span: Span
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Extent:
    """A life as far as it is seen: lowest and highest number, earliest and latest time."""

    span: Span
    begin: int
    end: int


Life = Sequence[Run]
"""The runs of one spool, in time order."""


def runs(rows: Iterable[tuple[int, int]]) -> list[Run]:
    """Return the runs of rows, each a time and a number; only what follows in both is one run."""
    found: list[Run] = []
    for time, number in sorted(rows):
        if found and number == found[-1].span.last + 1:
            found[-1] = Run(Span(found[-1].span.first, number), found[-1].begin, time)
        else:
            found.append(Run(Span(number, number), time, time))
    return found


def lives(life: Life) -> list[Life]:
    """Return the runs of each spool's life, told apart where numbers fall back to low ones.

    Numbers fall back a little all the time, where a minute's total is dated in the middle of its minute. It is a new
    life where two lives leave fewer numbers missing or found twice than one would.
    """
    done: list[Life] = []
    waiting = [life]
    while waiting:
        one = waiting.pop()
        halves = _halves(one) if len(done) + len(waiting) < _MOST_LIVES else ()
        if halves:
            waiting += reversed(halves)
        else:
            done.append(one)
    return done


def extent(life: Life) -> Extent:
    """Return how far a life reaches."""
    numbers = Span(min(run.span.first for run in life), max(run.span.last for run in life))
    return Extent(numbers, min(run.begin for run in life), max(run.end for run in life))


def goes_on(earlier: Life, later: Life) -> bool:
    """Tell whether a life counts on from within the earlier one, as a spool does that took over from a damaged one."""
    lowest = min(run.span.first for run in later)
    return any(run.span.first < lowest <= run.span.last + 1 for run in earlier)


def repeated(life: Life) -> int:
    """Return how many rows have a number that another row has."""
    found = [run.span for run in life]
    return spans.count(found) - spans.count(spans.joined(found))


def _halves(life: Life) -> tuple[Life, ...]:
    """Return two lives if that explains the numbers better than one, else none."""
    cut = _deepest_fall(life)
    if cut is None:
        return ()
    before, after = life[:cut], life[cut:]
    return (before, after) if _oddness(before) + _oddness(after) < _oddness(life) else ()


def _deepest_fall(life: Life) -> int | None:
    """Return the place before which numbers were highest above those from it on, None if they only rise."""
    highest = list(accumulate((run.span.last for run in life), max))
    lowest = list(accumulate((run.span.first for run in reversed(life)), min))[::-1]
    falls = [(high - low, at) for at, (high, low) in enumerate(zip(highest, lowest[1:], strict=False), start=1)]
    depth, at = max(falls, default=(0, 0))
    return at if depth > 0 else None


def _oddness(life: Life) -> int:
    """Return how many numbers are missing or found twice."""
    return spans.count(spans.between(spans.joined(run.span for run in life))) + repeated(life)
