"""Makes room in a full spool: thins the oldest to one-minute means, then gives up what matters least, then the oldest.

Whatever is given up leaves gaps that name it. Counts of traffic outlive the agent's health.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import takewhile

from edge_agent.delivery import batch_table, facts, gaps
from edge_agent.delivery.batch_table import Level, Row
from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.shelf import Shelf
from edge_agent.delivery.thinning import Thinned, thinned
from telemetry import batch as batches
from telemetry.errors import BadBatch, BadReading
from telemetry.quantity import Family

_LOG = logging.getLogger(__name__)
_STRETCHES = 40
"""The most stretches worked on for one commit, which must not take long; one or two are enough for a second's."""

_STRETCH_ROWS = 120
_MINUTE_NS = 60 * 10**9


@dataclass(frozen=True, slots=True)
class Policy:
    """What a full spool gives up: all but means with `thin`, then `brief` families, then those not `lasting`."""

    thin: bool = True
    brief: frozenset[Family] = frozenset({Family.HEALTH, Family.SCENE})
    lasting: frozenset[Family] = frozenset({Family.CROSSING, Family.TRAFFIC})


OLDEST_FIRST = Policy(thin=False, brief=frozenset(), lasting=frozenset(Family))
"""Whole batches, the oldest first."""


class Room:
    """Gives batches up until there is room."""

    def __init__(self, shelf: Shelf, policy: Policy, lent: Set[int]) -> None:
        """Work on a shelf; batches that are lent out (on their way to the hub) are given up only if nothing else is."""
        self._shelf = shelf
        self._policy = policy
        self._lent = lent

    def make(self, fits: Callable[[], bool]) -> list[Gap]:
        """Give up batches until what is to come fits, and return the gaps that this leaves."""
        lost: list[Gap] = []
        for _ in range(_STRETCHES):
            if fits() or not (stretch := self._stretch()):
                break
            lost += self._given_up(stretch)
        while not fits() and (oldest := self._oldest()) is not None:
            lost += self._dropped(oldest)
        return lost

    def _stretch(self) -> Sequence[Row]:
        """Return the oldest batches of the least level that has some to work on; none where only whole ones may go.

        Whole batches are worked on by the minute, once it is over: pieces of a minute would have means of their own.
        """
        if self._policy.thin or self._policy.brief:
            rows = self._free(Level.WHOLE)
            minute = _minute(rows)
            if len(minute) < len(rows):
                return minute
        for level in (Level.THINNED, Level.WITHOUT_BRIEF):
            if rows := self._free(level):
                return rows
        return ()

    def _free(self, level: Level) -> Sequence[Row]:
        """Return the oldest batches of a level that are not lent out."""
        rows = self._of(level, len(self._lent) + _STRETCH_ROWS)
        return [row for row in rows if row.number not in self._lent]

    def _of(self, level: Level, limit: int) -> list[Row]:
        """Return the oldest batches of a level, and note where they begin."""
        begins = self._shelf.books.begins
        rows = batch_table.oldest(self._shelf.db, level, begins[level], limit)
        begin = rows[0].number if rows else self._shelf.books.number + 1
        self._shelf.books = replace(
            self._shelf.books, begins=tuple(begin if at == level else old for at, old in enumerate(begins))
        )
        return rows

    def _oldest(self) -> Row | None:
        """Return the batch to drop whole: the oldest of the level that was given up most, lent out or not."""
        rows = [row for level in reversed(Level) for row in self._of(level, len(self._lent) + 1)]
        return next((row for row in rows if row.number not in self._lent), rows[0] if rows else None)

    def _dropped(self, row: Row) -> list[Gap]:
        self._shelf.remove([(row.number, row.lines, row.size)])
        return facts.lost(row.facts, Cause.DROPPED)

    def _given_up(self, stretch: Sequence[Row]) -> list[Gap]:
        """Take a stretch to its next level."""
        lost: list[Gap] = []
        lines: list[bytes] = []
        for row in stretch:
            try:
                lines += batches.decode(row.payload).body.splitlines(keepends=True)
            except BadBatch as error:
                _LOG.error("batch %d in the spool is damaged (%s) and becomes a gap", row.number, error)
                lost += facts.lost(row.facts, Cause.DAMAGED)
        self._shelf.remove([(row.number, row.lines, row.size) for row in stretch])
        level = Level(stretch[0].level)
        left = self._thinned(lines) if level is Level.WHOLE else self._stripped(lines, level)
        self._shelf.append_lines(left.kept, level=Level(level + 1))
        self._shelf.append(left.means, level=Level(level + 1))
        cause, replaced = Cause.THINNED if level is Level.WHOLE else Cause.DROPPED, b"".join(left.replaced)
        return lost + gaps.numbered(replaced, cause) + gaps.told(replaced)

    def _thinned(self, lines: Sequence[bytes]) -> Thinned:
        if self._policy.thin:
            try:
                return thinned(lines)
            except BadReading as error:
                _LOG.error("lines in the spool are not thinned: %s", error)
        return Thinned(tuple(lines))

    def _stripped(self, lines: Sequence[bytes], level: Level) -> Thinned:
        kept = frozenset(Family) - self._policy.brief if level is Level.THINNED else self._policy.lasting
        given_up = tuple(line for line in lines if _family(line) not in kept - {Family.GAP})
        return Thinned(tuple(line for line in lines if _family(line) in kept - {Family.GAP}), replaced=given_up)


def _family(line: bytes) -> str:
    return line.partition(b",")[0].decode()


def _minute(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the first rows that begin in the same minute as the first."""
    minute = _time(rows[0]) // _MINUTE_NS if rows else 0
    return list(takewhile(lambda row: _time(row) // _MINUTE_NS == minute, rows))


def _time(row: Row) -> int:
    """Return when a batch's first line is dated, in nanoseconds; 0 where that cannot be read."""
    try:
        first = next(_lines(row))
    except (BadBatch, StopIteration):
        return 0
    return int(first.rsplit(b" ", 1)[1])


def _lines(row: Row) -> Iterator[bytes]:
    yield from batches.decode(row.payload).body.splitlines()
