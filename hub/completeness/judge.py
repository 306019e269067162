"""Judges one sensor's day: which numbers are missing, when they were given out, and which of them a gap explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hub.completeness import causes, holes, lives, spans
from hub.completeness.causes import Gap
from hub.completeness.day import HOUR, SECOND, Day
from hub.completeness.evidence import Evidence, Seen, gathered
from hub.completeness.holes import Hole, Missing
from hub.completeness.reader import Reader, Source
from hub.completeness.result import Count, SensorDay, Stretch
from hub.completeness.spans import Span, Spans

MARGIN = 900 * SECOND
"""How far around the day rows are fetched at once: a minute's total belongs between numbers of the next minute."""

FAR = 31 * 24 * HOUR
"""How far around the day a missing number is looked for before it is called missing."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is missing of one life in the day."""

    missing: Sequence[Missing] = ()
    explained: tuple[tuple[str, Spans], ...] = ()
    unexplained: Spans = ()

    def in_hour(self, hour: int) -> Count:
        """Return what is missing in an hour."""
        here = spans.joined(each.span for each in self.missing if each.hour == hour)
        by_cause = {cause: spans.count(spans.common(here, numbers)) for cause, numbers in self.explained}
        return Count(0, dict(+Counter(by_cause)), spans.count(spans.common(here, self.unexplained)))

    def stretches(self) -> Iterator[Stretch]:
        """Yield what nothing explains, in one piece where only an hour's end lies between."""
        for hole in dict.fromkeys(each.hole for each in self.missing):
            for span in spans.common([hole.span], self.unexplained):
                yield Stretch(span, hole.after, hole.before)


async def judged(reader: Reader, source: Source, day: Day, seen: Seen, gaps: Sequence[Gap]) -> SensorDay:
    """Return the sensor's day."""
    evidence = await gathered(reader, source, day, seen)
    apart = lives.lives(evidence.runs) if evidence.runs else []
    told = causes.by_life(gaps, apart, day.end + MARGIN)
    elsewhere = _Elsewhere(reader, source, day, seen, evidence)
    parts = [
        await _judged(holes.holes(life, earlier), of_life, elsewhere)
        for earlier, life, of_life in zip(((), *apart), apart, told, strict=False)
    ]
    extents = [lives.extent(life) for life in apart]
    return SensorDay(
        source,
        hours=[_count(hour, seen, evidence, parts) for hour in range(day.hours)],
        new_lives=[later for later in extents[1:] if day.begin <= later.begin < day.end],
        newest=extents[-1] if extents and not seen.after else None,
        unexplained=[stretch for part in parts for stretch in part.stretches()],
        twice=sum(map(lives.repeated, apart)),
        cut_at=(extents[0].span.first or None) if extents and not seen.before else None,
    )


async def _judged(empty: Sequence[Hole], gaps: Sequence[Gap], elsewhere: _Elsewhere) -> _Judged:
    missing = [each for hole in empty for each in holes.dated(hole, elsewhere.day.edges)]
    numbers = spans.joined(each.span for each in missing)
    exact = causes.explained(numbers, [gap for gap in gaps if gap.is_exact])
    left = spans.without(numbers, _all(exact))
    if left:
        numbers = spans.without(numbers, await elsewhere.found([hole.span for hole in empty], left))
    explained = causes.explained(numbers, gaps)
    return _Judged(missing, tuple(explained.items()), spans.without(numbers, _all(explained)))


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Looks for missing numbers at other times: means, and what was dated by a clock that was wrong."""

    reader: Reader
    source: Source
    day: Day
    seen: Seen
    evidence: Evidence

    async def found(self, empty: Spans, left: Spans) -> list[Span]:
        """Return numbers in the holes, some of which are `left` to explain, that have a row at another time.

        Another life may have the same numbers; it is told by the numbers beside them, which are not missing here.
        """
        asked = Span(max(0, left[0].first - 1), left[-1].last + 1)
        known = set(self.seen.around)
        rows = [row for means in self.evidence.means.values() for row in means]
        rows += [row for row in (*self.seen.before, *self.seen.after) if row.is_mean]
        for begin, end in self._far():
            far = await self.reader.rows_of(self.source, begin, end, asked)
            rows += [row for row in far if row not in known]
        found = spans.joined(Span(row.seq, row.seq) for row in rows)
        return [span for span in found if spans.common([span], empty) == [span]]

    def _far(self) -> tuple[tuple[int, int], tuple[int, int]]:
        begin, end = self.day.begin, self.day.end
        return (begin - FAR, begin - MARGIN), (end + MARGIN, end + FAR)


def _count(hour: int, seen: Seen, evidence: Evidence, parts: Iterable[_Judged]) -> Count:
    tally, means = seen.tallies.get(hour), len(evidence.means.get(hour, ()))
    whole = Count(tally.rows - means if tally else 0, means=means)
    for part in parts:
        whole = whole.plus(part.in_hour(hour))
    return whole


def _all(explained: dict[str, list[Span]]) -> list[Span]:
    return spans.joined(span for numbers in explained.values() for span in numbers)
