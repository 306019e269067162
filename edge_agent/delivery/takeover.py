"""Takes over into a new spool what a damaged one still holds, some batches a transaction, so that a crash goes on."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from edge_agent.delivery import spool_file, undated
from edge_agent.delivery.batch_table import Level
from edge_agent.delivery.losses import Losses
from edge_agent.delivery.salvage import Saved, Wreck
from edge_agent.delivery.shelf import Shelf
from edge_agent.delivery.spool_file import Untold
from edge_agent.errors import SpoolDamaged

_LOG = logging.getLogger(__name__)
_UNREADABLE = (sqlite3.Error, SpoolDamaged, ValueError, LookupError, TypeError, MemoryError)
_PORTION = 200
_READING_SECONDS = 0.1
"""After which a portion is large enough: to append it takes about as long again, and new readings wait for both."""


class Takeover:
    """A spool that was set aside, on its way into a new one.

    Its numbers and the dates of its boots come first, so that new readings may be committed before all is over. Then
    come its batches, by portions; the lines stay as they are, so that what the hub had already becomes the same rows.
    Last comes what waited undated, all at once, since the last reading of a boot may date the others.
    """

    def __init__(self, shelf: Shelf, losses: Losses, aside: Path) -> None:
        """Search the file, and go on from its numbers."""
        self._shelf, self._losses = shelf, losses
        self.aside = aside
        self._wreck = Wreck(aside)
        begin = spool_file.salvaged_to(shelf.db, aside)
        if begin is None:
            with spool_file.transaction(shelf.db), _readable(aside) as old:
                shelf.go_on_from(self._wreck.next_seq)
                undated.restore_boots(shelf.db, old)
                spool_file.note_salvaged_to(shelf.db, aside, 0)
        self._taken_to = begin or 0
        self._saved = self._wreck.saved(self._taken_to)
        self._portion: list[Saved] = []
        self._batches = self._lost = 0
        self.is_over = self._taken_to > len(self._wreck)

    def go_on(self, free: int, note_undated: Callable[[int], None]) -> None:
        """Take over what has room in so many bytes of the next portion, the same again if the disk refused it.

        At the end, within its transaction, `note_undated` is told how many undated readings came over.
        """
        if self.is_over:
            return
        self._portion = self._portion or self._next_portion()
        if not self._portion:
            self._end(note_undated)
        elif some := list(self._fitting(free)):
            self._take(some)
            del self._portion[: len(some)]

    def _take(self, some: Sequence[Saved]) -> None:
        bodies = [one.body for one in some if one.body is not None]
        missing = tuple(gap for one in some for gap in one.missing)
        with spool_file.transaction(self._shelf.db):
            for body in bodies:
                self._shelf.append_lines(body.splitlines(keepends=True), level=Level.WHOLE)
            self._tell(Untold(holes=missing))
            spool_file.note_salvaged_to(self._shelf.db, self.aside, some[-1].number)
        self._taken_to = some[-1].number
        self._batches += len(bodies)
        self._lost += sum(gap.count for gap in missing)

    def _fitting(self, free: int) -> Iterator[Saved]:
        """Yield the first of the portion that have room, one at least where the new spool holds nothing."""
        is_room_needed = self._shelf.books.stored.batches > 0
        for one in self._portion:
            free -= 0 if one.body is None else self._shelf.room_for(one.body.count(b"\n"))
            if is_room_needed and free < 0:
                return
            is_room_needed = True
            yield one

    def _next_portion(self) -> list[Saved]:
        portion: list[Saved] = []
        begin = time.monotonic()
        try:
            for one in islice(self._saved, _PORTION):
                portion.append(one)
                if time.monotonic() - begin > _READING_SECONDS:
                    break
        except BaseException:  # an iterator that raised is at its end, and what it gave is not taken over
            self._saved = self._wreck.saved(self._taken_to)
            raise
        return portion

    def _end(self, note_undated: Callable[[int], None]) -> None:
        db = self._shelf.db
        with spool_file.transaction(db), _readable(self.aside) as old:
            waiting = undated.restore(db, old, self._wreck.facts.dated)
            note_undated(waiting)
            self._tell(_untold(old, told_times=self._wreck.facts.told_times))
            spool_file.note_salvaged_to(db, self.aside, len(self._wreck) + 1)
        self.is_over = True
        _LOG.warning(
            "the damaged spool held %d intact batches and %d undated readings; %d readings are lost, and become gaps",
            self._batches, waiting, self._lost,
        )  # fmt: skip

    def _tell(self, more: Untold) -> None:
        """Write down losses beside those that are not told yet."""
        self._losses.untold = self._losses.untold.with_those_of(more)
        spool_file.note_untold(self._shelf.db, self._losses.untold)


@contextlib.contextmanager
def _readable(aside: Path) -> Iterator[sqlite3.Connection]:
    """Yield a database in which stands what SQLite can still reach of the damaged one."""
    try:
        db = sqlite3.connect(f"file:{aside}?mode=ro", uri=True)
    except sqlite3.Error:
        db = sqlite3.connect(":memory:")
    with contextlib.closing(db):
        yield db


def _untold(old: sqlite3.Connection, *, told_times: int) -> Untold:
    """Return the losses that were not told yet, unless a later batch told them."""
    with contextlib.suppress(*_UNREADABLE):
        untold = spool_file.untold(old)
        if untold.told_times >= told_times:
            return untold
    return Untold()
