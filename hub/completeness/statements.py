"""What is asked of the stores, in InfluxQL and in the embedded store's SQL: the one place where they differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from hub.completeness.day import HOUR, SECOND
from hub.completeness.spans import Span
from hub.grafana.influxql import select
from hub.presence import SENSOR as LINK
from telemetry.quantity import Family

_SOURCE = ("agent", "sensor")
_ALL = tuple(Family)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows: names, checked by whoever made it."""

    site: str
    agent: str | None = None
    sensor: str | None = None

    def conditions(self) -> list[str]:
        """Return the conditions, good in both languages; the hub's own rows have no numbers and are left out."""
        named = {"site": self.site, "agent": self.agent, "sensor": self.sensor}
        return [f"\"{name}\" = '{value}'" for name, value in named.items() if value] + [f"\"sensor\" != '{LINK}'"]


class Statements(ABC):
    """Texts for one scope; times are nanoseconds, the begin is included, the end is not."""

    def __init__(self, scope: Scope) -> None:
        """Ask about a scope."""
        self._where = scope.conditions()

    @abstractmethod
    def hourly(self, begin: int, end: int) -> str:
        """Ask agent, sensor, time (of each hour counted from `begin`), rows, lowest, highest, total, worst (quality).

        Several rows may be of the same hour.
        """

    @abstractmethod
    def rows(self, begin: int, end: int | None, *, of: Scope | None = None, numbers: Span | None = None) -> str:
        """Ask agent, sensor, time, seq, quality of each row, of a narrower scope or of some numbers only."""

    @abstractmethod
    def newest(self, begin: int, end: int) -> str:
        """Ask the same of the newest row of each sensor and family."""

    @abstractmethod
    def oldest(self, begin: int) -> str:
        """Ask the same of the oldest."""

    @abstractmethod
    def gaps(self, begin: int) -> str:
        """Ask agent, sensor, cause, time, seq, first, last, count of each gap."""


class InfluxQl(Statements):
    """For InfluxDB 1, 2 and 3."""

    def hourly(self, begin: int, end: int) -> str:
        """See Statements.hourly."""
        what = (
            'count("seq") AS "rows", min("seq") AS "lowest", max("seq") AS "highest", sum("seq") AS "total", '
            'max("quality") AS "worst"'
        )
        by = (f"time(1h, {begin % HOUR // SECOND}s)", *_SOURCE)
        return select(what, _ALL, where=[*self._where, *_times(begin, end)], by=by, tail="fill(none)")

    def rows(self, begin: int, end: int | None, *, of: Scope | None = None, numbers: Span | None = None) -> str:
        """See Statements.rows."""
        where = [*(of.conditions() if of else self._where), *_times(begin, end), *_numbers(numbers)]
        return select('"seq", "quality"', _ALL, where=where, by=_SOURCE)

    def newest(self, begin: int, end: int) -> str:
        """See Statements.newest."""
        return self._one("last", begin, end)

    def oldest(self, begin: int) -> str:
        """See Statements.oldest."""
        return self._one("first", begin, None)

    def _one(self, which: str, begin: int, end: int | None) -> str:
        what = f'{which}("seq") AS "seq", "quality"'
        return select(what, _ALL, where=[*self._where, *_times(begin, end)], by=_SOURCE)

    def gaps(self, begin: int) -> str:
        """See Statements.gaps."""
        where = [*self._where, *_times(begin, None)]
        return select('"seq", "first", "last", "count"', Family.GAP, where=where, by=(*_SOURCE, "cause"))


class Sql(Statements):
    """For the embedded store."""

    def hourly(self, begin: int, end: int) -> str:
        """See Statements.hourly."""
        hour = f"{begin} + (time - {begin}) // {HOUR} * {HOUR}"
        what = "count(*) AS rows, min(seq) AS lowest, max(seq) AS highest, sum(seq) AS total, max(quality) AS worst"
        return select(f"agent, sensor, {hour} AS time, {what}", self.rows(begin, end), where=(), tail="GROUP BY ALL")

    def rows(self, begin: int, end: int | None, *, of: Scope | None = None, numbers: Span | None = None) -> str:
        """See Statements.rows."""
        return _of_families([*(of.conditions() if of else self._where), *_instants(begin, end), *_numbers(numbers)])

    def newest(self, begin: int, end: int) -> str:
        """See Statements.newest."""
        return self._one("arg_max", begin, end)

    def oldest(self, begin: int) -> str:
        """See Statements.oldest."""
        return self._one("arg_min", begin, None)

    def _one(self, which: str, begin: int, end: int | None) -> str:
        extreme = which.removeprefix("arg_")
        what = f"agent, sensor, {extreme}(time) AS time, {which}(seq, time) AS seq, {which}(quality, time) AS quality"
        return select(what, self.rows(begin, end), where=(), by=(*_SOURCE, "family"))

    def gaps(self, begin: int) -> str:
        """See Statements.gaps."""
        what = 'agent, sensor, cause, epoch_ns(time) AS time, seq, "first", "last", "count"'
        return select(what, Family.GAP, where=[*self._where, *_instants(begin, None)])


def _times(begin: int, end: int | None) -> list[str]:
    return [f"time >= {begin}", *([] if end is None else [f"time < {end}"])]


def _instants(begin: int, end: int | None) -> list[str]:
    until = [] if end is None else [f"time < make_timestamp_ns({end})"]
    return [f"time >= make_timestamp_ns({begin})", *until]


def _numbers(numbers: Span | None) -> list[str]:
    return [] if numbers is None else [f'"seq" >= {numbers.first}', f'"seq" <= {numbers.last}']


def _of_families(where: list[str]) -> str:
    what = "agent, sensor, epoch_ns(time) AS time, seq, quality"
    return " UNION ALL ".join(select(f"{what}, '{family}' AS family", family, where=where) for family in _ALL)
