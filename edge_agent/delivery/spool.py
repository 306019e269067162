"""The spool: the agent's durable queue on SQLite, one row a batch.

The newest row stays, emptied, even when the hub has it, for it carries the sequence numbers: so none is ever used twice
within an epoch. A new spool draws a new epoch. Each row also carries what its loss would leave missing, so that a batch
that is dropped or found damaged leaves exact gaps.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge_agent.clock import Stamp
from edge_agent.delivery import batch_table, facts, gaps, spool_file, undated
from edge_agent.delivery.facts import Facts, Held
from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.losses import Losses
from edge_agent.delivery.room import Policy, Room
from edge_agent.delivery.shelf import Books, Shelf
from edge_agent.delivery.spool_file import Untold
from edge_agent.delivery.takeover import take_over
from edge_agent.errors import SpoolDamaged, SpoolUnwritable
from edge_agent.taken import Taken
from telemetry import batch as batches
from telemetry.errors import BadBatch
from telemetry.quality import Quality
from telemetry.reading import Place

_LOG = logging.getLogger(__name__)
_UNDATED_SHARE = 10
"""One part in so many of the quota is free for readings that wait for a date, however much the batches take."""

_TOGETHER = 64
"""Forgotten batches that are deleted in one go: one by one, deletions would cost the disk as much as the readings."""


@dataclass(frozen=True, slots=True)
class _State:
    """All that a commit changes, to be given back as it was if the disk refuses."""

    books: Books
    undated: int
    untold: Untold
    is_boot_dated: bool


class Spool:
    """Commits readings, hands out batches, forgets them on the hub's word. Used by one thread at a time.

    Opening raises SpoolTaken, SpoolForeign, SpoolUnusable or SpoolUnwritable. A damaged file is set aside under another
    name, which `damaged` tells, and a new one takes over what is intact in it. Where damage shows later, the file is
    set aside then and SpoolDamaged is raised. `quota` bounds the bytes of all batches, `batch_readings` the readings in
    one, `policy` says what a full spool gives up.
    """

    def __init__(
        self,
        path: Path,
        place: Place,
        *,
        quota: int,
        boot: str,
        batch_readings: int,
        policy: Policy | None = None,
    ) -> None:
        """Open or create the spool file."""
        self._path = path
        self._quota = quota
        self._boot = boot
        self._batch_readings = batch_readings
        self._losses = Losses()
        self._undated = 0
        self._forgotten: dict[int, tuple[int, int]] = {}
        self._lent: set[int] = set()
        self.is_boot_dated = False
        """Whether this boot's clock has been vouched for, by this agent or one before it."""
        self.damaged: Path | None = None
        self._stale_log = False
        self._lock = spool_file.lock(path)
        try:
            self._open(place)
        except BaseException:
            os.close(self._lock)
            raise
        self._room = Room(self._shelf, policy or Policy(), self._lent)

    def _open(self, place: Place) -> None:
        with self._judged():
            self._db = spool_file.open_database(self._path)
        try:
            self._load(place)
        except SpoolDamaged as error:
            _LOG.error("%s", error)
            self._db = spool_file.open_database(self._path)
            self._load(place)
        self._take_over()

    def _load(self, place: Place) -> None:
        with self._closing_on_error(), self._reading():
            torn = spool_file.prepare(self._db, self._path)
            self.epoch = spool_file.identify(self._db, self._path, place)
            self._shelf = Shelf(self._db, place, self.epoch, batch_readings=self._batch_readings)
            self._undated = undated.waiting(self._db)
            self._losses.untold = spool_file.untold(self._db)
            self.is_boot_dated = undated.stamp_of(self._db, self._boot) is not None
            if torn is not None and torn.number > self._shelf.books.number:
                self._pass_over(torn)

    def _pass_over(self, torn: Facts) -> None:
        """Tell the numbers of a torn write as lost, so that they are never given out again."""
        known = self._shelf.books.next_seq
        spans = ((sensor, known.get(sensor, 0), end) for sensor, end in torn.next_seq.items())
        lost = [Gap(s, Cause.DAMAGED, begin, end - 1, end - begin) for s, begin, end in spans if end > begin]
        with spool_file.transaction(self._db):
            self._shelf.go_on_from(torn.next_seq)
            self._losses.untold = replace(self._losses.untold, holes=(*self._losses.untold.holes, *lost))
            spool_file.note_untold(self._db, self._losses.untold)

    def _take_over(self) -> None:
        for aside in spool_file.to_salvage(self._path):
            with self._closing_on_error(), self._judged():
                self._losses.untold = take_over(self._shelf, self._losses.untold, aside)
                self._undated = undated.waiting(self._db)
            self.damaged = spool_file.note_salvaged(aside)

    @property
    def held(self) -> Held:
        """What waits for the hub, and for a date."""
        stored = self._shelf.books.stored
        lines, size = (sum(part) for part in zip(*self._forgotten.values(), strict=True)) if self._forgotten else (0, 0)
        return Held(stored.batches - len(self._forgotten), stored.readings - lines, stored.bytes - size, self._undated)

    @property
    def newest(self) -> int:
        """The newest batch's number, 0 before the first."""
        return self._shelf.books.number

    @property
    def made(self) -> int:
        """Batches made since it was opened."""
        return self._shelf.made

    def commit(self, taken: Sequence[Taken], stamp: Stamp | None, lost: Mapping[str, int] | None = None) -> int | None:
        """Make the readings durable, in batches, and return the newest one's number, None if none was made.

        Without a stamp they wait with boot id and monotonic time; the first commit that has one stamps them, once.
        `lost` counts readings by sensor that never came this far; they become a gap. Raises SpoolUnwritable, and then
        nothing has changed, or SpoolDamaged.
        """
        before, made = self._state(), self._shelf.made
        forgotten = self._due(len(taken), holes_can_be_told=stamp is not None)
        try:
            with self._judged(), spool_file.transaction(self._db):
                self._losses.uncommitted(lost or {})
                if stamp is not None:
                    self._losses.tell_refused_again(stamp.monotonic_ns)
                self._delete(forgotten)
                if stamp is None:
                    self._keep_undated(taken)
                number = None if stamp is None else self._append(taken, stamp)
                if number is None and forgotten:
                    self._shelf.note()
                if self._losses.untold != before.untold:
                    spool_file.note_untold(self._db, self._losses.untold)
        except BaseException:
            self._restore(before, made)
            self._stale_log = True
            raise
        self._renew_log()
        for deleted in forgotten:
            del self._forgotten[deleted]
        if forgotten:
            self._losses.deleted()
        if number is not None:
            self._losses.were_told()
        return number

    def _renew_log(self) -> None:
        """After a refused commit, whose pages may still look committed to a later salvage, empty the log."""
        if self._stale_log:
            with contextlib.suppress(sqlite3.Error):
                spool_file.forget_log(self._db)
                self._stale_log = False

    def _state(self) -> _State:
        return _State(self._shelf.books, self._undated, self._losses.untold, self.is_boot_dated)

    def _restore(self, state: _State, made: int) -> None:
        self._shelf.books, self._shelf.made = state.books, made
        self._undated, self._losses.untold, self.is_boot_dated = state.undated, state.untold, state.is_boot_dated

    def _due(self, readings: int, *, holes_can_be_told: bool) -> tuple[int, ...]:
        """Return the forgotten batches to delete now: many at once, or with the holes that they leave."""
        if self._losses.must_be_told:
            return tuple(self._forgotten) if holes_can_be_told else ()
        coming = self._needed(readings + min(self._undated, undated.PORTION))
        is_full = self._shelf.books.stored.bytes + coming > self._quota // 2
        return tuple(self._forgotten) if len(self._forgotten) >= _TOGETHER or is_full else ()

    def _delete(self, numbers: Sequence[int]) -> None:
        if numbers:
            self._shelf.remove([(number, *self._forgotten[number]) for number in numbers])
            self._losses.note_refused()

    @contextlib.contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._db.close()
            raise

    @contextlib.contextmanager
    def _judged(self) -> Iterator[None]:
        """Tell a refusing disk, which may take the next commit, from a damaged file, which never will."""
        try:
            yield
        except sqlite3.Error as error:
            if spool_file.is_refusal(error):
                raise SpoolUnwritable(f"the spool {self._path} refuses: {error}") from error
            raise self._set_aside(error) from error
        except (SpoolDamaged, MemoryError) as error:
            raise self._set_aside(error) from error

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Take also what cannot be read as what it should be for damage."""
        with self._judged():
            try:
                yield
            except (ValueError, TypeError, AttributeError, OverflowError, MemoryError) as error:
                raise SpoolDamaged(f"{type(error).__name__}: {error}") from error

    def _set_aside(self, error: Exception) -> SpoolDamaged:
        """Rename the file before it is closed: closing would delete what SQLite does not believe of its log."""
        aside = spool_file.set_aside(self._path)
        self._db.close()
        return SpoolDamaged(f"spool {self._path} is damaged ({error}); it is kept as {aside}, and a new one takes over")

    def _keep_undated(self, taken: Sequence[Taken]) -> None:
        undated.keep(self._db, self._boot, taken)
        free = max(self._quota // _UNDATED_SHARE, self._quota - self._shelf.books.stored.bytes)
        room = free // undated.BYTES_PER_READING
        dropped = undated.drop(self._db, self._undated + len(taken) - room)
        self._losses.uncommitted(dropped)
        self._undated += len(taken) - dropped.total()

    def _append(self, taken: Sequence[Taken], stamp: Stamp) -> int | None:
        """Insert what waited undated, what is new, and the gaps that the quota or damage cost."""
        self._note_boot(stamp)
        dated = [(t.sensor, stamp.marked(t.measurement), stamp.milliseconds(t.at)) for t in taken]
        if self._undated:
            out = undated.stamped(self._db, self._boot, stamp)
            self._undated -= out.count
            self._shelf.books = replace(self._shelf.books, dated=max(out.last, self._shelf.books.dated))
            dated = out.dated + dated
        told = self._losses.told(self._shelf.take_seq)
        self._shelf.books = replace(self._shelf.books, told_times=self._losses.untold.told_times)
        holes = gaps.merged(told)
        holes += self._make_room(len(dated) + len(holes))
        for gap in gaps.merged(holes):
            dated.append((gap.sensor, stamp.marked(gap.measurement()), stamp.wall_ms))
        self._shelf.append(dated)
        return self._shelf.books.number if dated else None

    def _note_boot(self, stamp: Stamp) -> None:
        if not self.is_boot_dated and stamp.quality is Quality.GOOD:
            undated.note_boot(self._db, self._boot, stamp)
            self.is_boot_dated = True

    def _make_room(self, readings: int) -> list[Gap]:
        """Give up what the quota has no room for beside so many readings; return the gaps that this leaves."""
        needed = self._needed(readings)
        if self._shelf.books.stored.bytes + needed <= self._quota:
            return []
        needed = self._needed(readings + len(Cause) * len(self._shelf.books.next_seq))
        return self._room.make(lambda: self._shelf.books.stored.bytes + needed <= self._quota)

    def _needed(self, readings: int) -> int:
        """Return the bytes that so many readings may take, with what waits for a date."""
        needed = batch_table.room_for(readings, len(self._shelf.books.next_seq), self._batch_readings)
        return needed + self._undated * undated.BYTES_PER_READING

    def forget(self, number: int, missing: Sequence[Gap] = (), refused: Sequence[Gap] = ()) -> None:
        """Forget a batch that the hub has; its row goes with a later commit, which tells what is missing of it.

        `refused` is what refused gap readings would have told: it is kept, and told again after an hour or a restart.
        """
        with self._reading():
            found = batch_table.measures(self._db, number)
        self._lent.discard(number)
        if found is not None and number not in self._forgotten:
            self._forgotten[number] = found
            self._losses.forgotten(missing, refused)

    def lines(self, number: int) -> int | None:
        """Return how many readings a batch has, None if it is not there any more."""
        with self._reading():
            found = batch_table.get(self._db, number)
        if found is None or number in self._forgotten:
            return None
        try:
            return batches.decode(found.payload).lines
        except BadBatch:
            return found.lines

    def after(self, number: int, *, limit: int) -> list[int]:
        """Return the numbers of the oldest batches after a number, forgotten ones left out."""
        with self._reading():
            numbers = batch_table.after(self._db, number, limit + len(self._forgotten))
            self._shelf.see_whole(number, numbers, limit)
        return [n for n in numbers if n not in self._forgotten][:limit]

    def payload(self, number: int) -> bytes | None:
        """Return a batch's compressed document, None if it was dropped, forgotten or is damaged: then it is a gap.

        A batch that was handed out is the last that a full spool gives up, since the hub may have it already.
        """
        if number in self._forgotten:
            return None
        with self._reading():
            found = batch_table.get(self._db, number)
        if found is None:
            self._lent.discard(number)
            with self._judged():
                self._shelf.see_gone(number)
            return None
        try:
            batches.decode(found.payload)
        except BadBatch as error:
            _LOG.error("batch %d in the spool is damaged (%s) and becomes a gap", number, error)
            self.forget(number, facts.lost(found.facts, Cause.DAMAGED))
            return None
        self._lent.add(number)
        return found.payload

    def close(self) -> None:
        """Delete what was forgotten, unless it leaves gaps that are not told yet; close the file and free it."""
        if self._forgotten and self._losses.are_all_noted:
            with contextlib.suppress(sqlite3.Error), spool_file.transaction(self._db):
                self._delete(tuple(self._forgotten))
                self._shelf.note()
                self._forgotten.clear()
        try:
            self._db.close()
        finally:
            os.close(self._lock)
