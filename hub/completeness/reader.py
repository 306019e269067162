"""Asks a store, and returns its answers by sensor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.completeness.causes import Gap
from hub.completeness.day import Day
from hub.completeness.spans import Span
from hub.completeness.statements import Scope, Statements
from hub.stores.store import Row as Answer
from hub.stores.store import Store
from telemetry.quality import Quality

_AVERAGED = int(Quality.AVERAGED)
"""As a plain number: a flag takes ten times as long, and there are many rows."""

_HOURS_AT_ONCE = 6
"""How much a store counts for one answer, so that none takes long."""


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A sensor of an agent."""

    agent: str
    sensor: str


@dataclass(frozen=True, slots=True)
class Row:
    """What counts of a row here."""

    time: int
    seq: int
    quality: int

    @property
    def is_mean(self) -> bool:
        """Whether it is the mean of a minute: dated in that minute, numbered when it was made, maybe days later."""
        return self.quality & _AVERAGED != 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What rows of an hour add up to."""

    rows: int
    lowest: int
    highest: int
    total: int
    """The sum of their numbers."""
    worst: int
    """The highest quality."""

    def plus(self, other: Tally) -> Tally:
        """Return both together."""
        low, high = min(self.lowest, other.lowest), max(self.highest, other.highest)
        return Tally(self.rows + other.rows, low, high, self.total + other.total, max(self.worst, other.worst))

    @property
    def is_plain(self) -> bool:
        """Whether every number from the lowest to the highest has one row, and none of them is a mean."""
        is_full = self.rows == self.highest - self.lowest + 1 and 2 * self.total == self.rows * (
            self.lowest + self.highest
        )
        return is_full and self.worst < _AVERAGED


class Reader:
    """Reads what a site's sensors stored; every method raises TryAgain, Hold or QueryRefused."""

    def __init__(self, store: Store, statements: Statements, site: str) -> None:
        """Ask a store in its own language."""
        self._store = store
        self._statements = statements
        self._site = site

    async def tallies(self, day: Day) -> dict[Source, dict[int, Tally]]:
        """Return by sensor and hour of the day what its rows add up to."""
        found: dict[Source, dict[int, Tally]] = defaultdict(dict)
        for begin, end in day.blocks(_HOURS_AT_ONCE):
            for said in await self._store.query(self._statements.hourly(begin, end)):
                hours, hour = found[_source(said)], day.edges.index(int(said["time"]))
                tally = Tally(*(int(said[name]) for name in ("rows", "lowest", "highest", "total", "worst")))
                hours[hour] = hours[hour].plus(tally) if hour in hours else tally
        return found

    async def rows(self, begin: int, end: int) -> Mapping[Source, list[Row]]:
        """Return all rows of a time by sensor."""
        return _rows(await self._store.query(self._statements.rows(begin, end)))

    async def rows_of(self, source: Source, begin: int, end: int, numbers: Span | None = None) -> list[Row]:
        """Return a sensor's rows of a time, or those of some numbers."""
        scope = Scope(self._site, source.agent, source.sensor)
        said = await self._store.query(self._statements.rows(begin, end, of=scope, numbers=numbers))
        return _rows(said).get(source, [])

    async def newest(self, begin: int, end: int) -> Mapping[Source, list[Row]]:
        """Return the newest row of each family by sensor."""
        return _rows(await self._store.query(self._statements.newest(begin, end)))

    async def oldest(self, begin: int) -> Mapping[Source, list[Row]]:
        """Return the oldest row of each family by sensor."""
        return _rows(await self._store.query(self._statements.oldest(begin)))

    async def gaps(self, begin: int) -> Mapping[Source, list[Gap]]:
        """Return the gaps that were told from a time on, by sensor."""
        found: dict[Source, list[Gap]] = defaultdict(list)
        for said in await self._store.query(self._statements.gaps(begin)):
            span = Span(int(said["first"]), int(said["last"]))
            gap = Gap(str(said["cause"]), span, int(said["count"]), int(said["time"]), int(said["seq"]))
            found[_source(said)].append(gap)
        return found


def _source(said: Answer) -> Source:
    return Source(str(said["agent"]), str(said["sensor"]))


def _rows(answers: Iterable[Answer]) -> dict[Source, list[Row]]:
    found: dict[Source, list[Row]] = defaultdict(list)
    for said in answers:
        found[_source(said)].append(Row(int(said["time"]), int(said["seq"]), int(said["quality"])))
    return found
