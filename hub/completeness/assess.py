"""Completeness of all sensors of a scope on a day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from hub.completeness.day import Day
from hub.completeness.evidence import Seen
from hub.completeness.judge import FAR, MARGIN, judged
from hub.completeness.reader import Reader
from hub.completeness.result import SensorDay

Planned = Callable[[int], None]
"""Is told how many sensors there are."""


async def assessed(reader: Reader, day: Day, planned: Planned) -> AsyncIterator[SensorDay]:
    """Yield each sensor's day, sensors that were silent for a month left out; raises TryAgain, Hold or QueryRefused."""
    tallies = await reader.tallies(day)
    earlier = await reader.newest(day.begin - FAR, day.begin - MARGIN)
    just_before = await reader.rows(day.begin - MARGIN, day.begin)
    just_after = await reader.rows(day.end, day.end + MARGIN)
    newest = await reader.newest(day.begin, day.end)
    later = await reader.oldest(day.end + MARGIN)
    gaps = await reader.gaps(day.begin)
    sources = sorted(tallies.keys() | earlier.keys() | just_before.keys())
    planned(len(sources))
    for source in sources:
        before = [*earlier.get(source, ()), *just_before.get(source, ())]
        after = [*just_after.get(source, ()), *later.get(source, ())]
        seen = Seen(tallies.get(source, {}), before, after, newest.get(source, ()))
        yield await judged(reader, source, day, seen, gaps.get(source, ()))
