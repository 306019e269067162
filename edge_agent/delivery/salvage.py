"""What a damaged spool file still holds: every intact batch, and exactly which numbers are missing between them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from edge_agent.delivery import carving, gaps
from edge_agent.delivery.batch_table import PAGE
from edge_agent.delivery.carving import Found
from edge_agent.delivery.facts import Facts
from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.pages import Pages
from edge_agent.delivery.runs import Runs

_LOG = logging.getLogger(__name__)
_PLACE_BITS = 48
_NOTHING = Found(None, None, is_emptied=False)


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of one batch, or of the hole up to it: its lines if they are intact, and the gaps that are left."""

    number: int
    body: bytes | None
    missing: tuple[Gap, ...] = ()


class Wreck:
    """A file that was set aside. Memory holds a number for each row, never the rows."""

    def __init__(self, path: Path) -> None:
        """Look for rows everywhere in the file and its log."""
        self._pages = Pages(path, PAGE)
        self._index = sorted(
            number << _PLACE_BITS | place for number, place in carving.places(self._pages, self._pages.ordinals())
        )
        self._newest, self.facts, ahead = self._last()
        self.next_seq = {**self.facts.next_seq, **ahead}
        """Every sensor's next number, as far as is known; empty where nothing was found at all."""
        self._gone = Runs(self.facts.gone)

    def __len__(self) -> int:
        """Return the newest number found; so far `saved` counts."""
        return self._newest

    def _last(self) -> tuple[int, Facts, Mapping[str, int]]:
        """Return the newest row's number, the newest intact facts, and the numbers that follow rows after these."""
        newest, ahead = 0, dict[str, int]()
        for number, versions in self._rows(reversed(self._index)):
            row = _best(versions)
            newest = newest or (number if row != _NOTHING else 0)
            if row.facts is not None:
                return newest, row.facts, ahead
            for gap in gaps.numbered(row.batch.body, Cause.DAMAGED) if row.batch is not None else ():
                ahead[gap.sensor] = max(gap.last + 1, ahead.get(gap.sensor, 0))
        return newest, Facts(), ahead

    def _rows(self, index: Iterable[int]) -> Iterator[tuple[int, list[Found]]]:
        """Yield the versions of each row in the order of an index."""
        for number, keys in groupby(index, key=lambda key: key >> _PLACE_BITS):
            yield number, [carving.read(self._pages, key & (1 << _PLACE_BITS) - 1) for key in keys]

    def saved(self, after: int = 0) -> Iterator[Saved]:
        """Yield what came of every batch that should be there, after a number."""
        before: Facts | None = Facts()
        expected = 1
        for number, versions in self._rows(self._index):
            row = _best(versions)
            if number > self._newest or row == _NOTHING:
                continue
            missing = self._hole(expected, number, before, row.facts)
            if number not in self._gone and row.batch is None and row.facts is not None and not row.is_emptied:
                missing += row.facts.lost(Cause.DAMAGED)
            body = row.batch.body if row.batch is not None and number not in self._gone else None
            if number > after:
                yield Saved(number, body, tuple(missing))
            before, expected = row.facts, number + 1

    def _hole(self, first: int, end: int, before: Facts | None, after: Facts | None) -> list[Gap]:
        """Return the gaps that batches from one number to before another leave, given the facts beside them."""
        lost = [number for number in range(max(first, self.facts.known_from), end) if number not in self._gone]
        if not lost:
            return []
        if before is None or after is None or lost[0] > first:
            _LOG.error("batches %d to %d are lost, and which readings they had is not known", lost[0], lost[-1])
            return []
        spans = ((sensor, before.next_seq.get(sensor, 0), after.before(sensor)) for sensor in after.next_seq)
        return [Gap(s, Cause.DAMAGED, begin, end - 1, end - begin) for s, begin, end in spans if end > begin]


def _best(versions: list[Found]) -> Found:
    """Prefer a version that is whole, and of such the last written: its facts say that most is gone."""

    def worth(row: Found) -> tuple[bool, bool, int]:
        gone = sum(last - first + 1 for first, last in row.facts.gone) if row.facts else 0
        return row.batch is not None, row.facts is not None, gone

    return max(versions, key=worth)
