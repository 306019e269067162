"""A day of a time zone, and its hours."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

SECOND = 10**9
HOUR = 3600 * SECOND
"""In nanoseconds, as all times here."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date in a zone, None being that of this machine; it has 23 or 25 hours where the clocks are changed."""

    date: dt.date
    zone: dt.tzinfo | None = None

    @property
    def begin(self) -> int:
        """When it begins, since 1970."""
        return self._midnight(self.date)

    @property
    def end(self) -> int:
        """When the next one begins."""
        return self._midnight(self.date + dt.timedelta(days=1))

    @property
    def edges(self) -> tuple[int, ...]:
        """When each hour begins, and when the last one ends."""
        return (*range(self.begin, self.end, HOUR), self.end)

    @property
    def hours(self) -> int:
        """How many hours, a broken one counted."""
        return len(self.edges) - 1

    def blocks(self, hours: int) -> list[tuple[int, int]]:
        """Return begin and end of each stretch of so many hours."""
        return list(pairwise((*self.edges[:-1:hours], self.end)))

    def clock(self, time: int) -> str:
        """Return a time as people read it, with its date where that is another."""
        local = dt.datetime.fromtimestamp(time // SECOND, self.zone)
        local = local.astimezone() if self.zone is None else local
        return f"{local:%H:%M:%S}" if local.date() == self.date else f"{local:%Y-%m-%d %H:%M:%S}"

    def stamp(self, time: int) -> str:
        """Return a time for machines, with its offset."""
        local = dt.datetime.fromtimestamp(time // SECOND, self.zone)
        return (local.astimezone() if self.zone is None else local).isoformat()

    def _midnight(self, day: dt.date) -> int:
        local = dt.datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return int((local.astimezone() if self.zone is None else local).timestamp()) * SECOND
