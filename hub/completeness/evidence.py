"""Fetches of one sensor what is needed to judge its day: single rows only where counting does not settle it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from hub.completeness import holes, lives
from hub.completeness.day import Day
from hub.completeness.lives import Life, Run
from hub.completeness.reader import Reader, Row, Source, Tally
from hub.completeness.spans import Span

_MOST_ROWS = 50_000
"""Rows fetched at once, unless one hour has more."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the first questions told of a sensor: sums by hour of the day, and the rows around the day."""

    tallies: Mapping[int, Tally]
    before: Sequence[Row]
    after: Sequence[Row]
    newest: Sequence[Row] = ()
    """The day's newest row of each family."""

    @property
    def end(self) -> int | None:
        """When the newest row is dated, if none follows the day; None if one does, or none is there."""
        return None if self.after else max((row.time for row in self.newest), default=None)

    @property
    def around(self) -> list[Row]:
        """The rows before and after the day that are no means."""
        return [row for row in (*self.before, *self.after) if not row.is_mean]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The runs of numbers of the day and around it, in time order, and the means among the day's rows."""

    runs: Life
    means: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    """By hour."""


async def gathered(reader: Reader, source: Source, day: Day, seen: Seen) -> Evidence:
    """Return the evidence: sums alone for a day without a hole, else single rows where there may be one."""
    settled = _settled(day, seen)
    if settled is not None:
        return Evidence(settled)
    sure = dict(_sure(seen))
    runs = [Run(Span(t.lowest, t.highest), *_times(day, hour, seen)) for hour, t in sure.items()]
    means: dict[int, Sequence[Row]] = {}
    singles = lives.runs(_points(seen.around))
    for first, last in _stretches([hour for hour in seen.tallies if hour not in sure], seen.tallies):
        rows = await reader.rows_of(source, day.edges[first], day.edges[last + 1])
        singles += lives.runs(_points(row for row in rows if not row.is_mean))
        means |= _by_hour((row for row in rows if row.is_mean), day)
    return Evidence(sorted([*runs, *singles], key=lambda run: (run.begin, run.span)), means)


def _settled(day: Day, seen: Seen) -> Life | None:
    """Return the runs if every number of the day has its row, in the day or shortly before or after it, else None."""
    if not seen.tallies:
        return lives.runs(_points(seen.around))
    if not seen.before:
        return None
    day_alone = reduce(Tally.plus, seen.tallies.values())
    low, high = day_alone.lowest, day_alone.highest
    inside = [row.seq for row in seen.around if low <= row.seq <= high]
    whole = reduce(Tally.plus, (Tally(1, number, number, number, 0) for number in inside), day_alone)
    outside = lives.runs(_points(row for row in seen.around if not low <= row.seq <= high))
    whole_day = Run(Span(low, high), day.begin, seen.end or day.end - 1)
    runs = sorted([*outside, whole_day], key=lambda run: run.begin)
    if not whole.is_plain or len(lives.lives(runs)) > 1:
        return None
    has_hole = any(hole.span.last + 1 == low or hole.span.first - 1 == high for hole in holes.holes(runs))
    return None if has_hole else runs


def _sure(seen: Seen) -> Iterator[tuple[int, Tally]]:
    """Yield the hours whose rows are consecutive and join those before and after them; the first of all joins none."""
    hours = sorted(seen.tallies)
    lowest = [seen.tallies[hour].lowest for hour in hours]
    highest = [seen.tallies[hour].highest for hour in hours]
    before = max((row.seq for row in seen.before if not row.is_mean), default=-1)
    after = min((row.seq for row in seen.after if not row.is_mean), default=highest[-1] + 1)
    for hour, earlier, later in zip(hours, (before, *highest), (*lowest[1:], after), strict=False):
        tally = seen.tallies[hour]
        joins = earlier >= 0 and earlier + 1 == tally.lowest and tally.highest + 1 == later
        if tally.is_plain and joins:
            yield hour, tally


def _stretches(hours: Iterable[int], tallies: Mapping[int, Tally]) -> Iterator[tuple[int, int]]:
    """Yield first and last hour of what is fetched at once."""
    stretch: list[int] = []
    for hour in sorted(hours):
        follows = bool(stretch) and stretch[-1] + 1 == hour
        if stretch and not (follows and sum(tallies[h].rows for h in (*stretch, hour)) <= _MOST_ROWS):
            yield stretch[0], stretch[-1]
            stretch = []
        stretch.append(hour)
    if stretch:
        yield stretch[0], stretch[-1]


def _by_hour(rows: Iterable[Row], day: Day) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(bisect_right(day.edges, row.time) - 1, []).append(row)
    return found


def _times(day: Day, hour: int, seen: Seen) -> tuple[int, int]:
    end = day.edges[hour + 1] - 1
    return day.edges[hour], min(end, seen.end or end)


def _points(rows: Iterable[Row]) -> Iterator[tuple[int, int]]:
    return ((row.time, row.seq) for row in rows)
