"""The spool: the agent's durable queue on SQLite, one row a batch.

The newest row stays, emptied, even when the hub has it, for it carries the sequence numbers: so none is ever used twice
within an epoch. A new spool draws a new epoch. Each row also carries what its loss would leave missing, so that a batch
that is dropped or found damaged leaves exact gaps.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from edge_agent.clock import Stamp
from edge_agent.delivery import batch_table, facts, spool_file, undated
from edge_agent.delivery.facts import Facts, Held
from edge_agent.delivery.forgotten import Forgotten
from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.intake import Intake, State
from edge_agent.delivery.losses import Losses
from edge_agent.delivery.open_file import OpenFile
from edge_agent.delivery.room import Policy, Room
from edge_agent.delivery.shelf import Shelf
from edge_agent.delivery.spool_file import Untold
from edge_agent.delivery.takeover import Takeover
from edge_agent.errors import SpoolDamaged
from edge_agent.taken import Taken
from telemetry import batch as batches
from telemetry.errors import BadBatch
from telemetry.reading import Place

_LOG = logging.getLogger(__name__)
_TOGETHER = 64
"""Forgotten batches that are deleted in one go: one by one, deletions would cost the disk as much as the readings."""


class Spool:
    """Commits readings, hands out batches, forgets them on the hub's word. Used by one thread at a time.

    Opening raises SpoolTaken, SpoolForeign, SpoolUnusable or SpoolUnwritable. A damaged file is set aside under another
    name, and a new one goes on from its numbers; what is intact in it comes over by `take_over`, between commits.
    Where damage shows later, the file is set aside then and SpoolDamaged is raised. `quota` bounds the bytes of all
    batches, `batch_readings` the readings in one, `policy` says what a full spool gives up.
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
        self._place = place
        self._quota = quota
        self._boot = boot
        self._batch_readings = batch_readings
        self._policy = policy or Policy()
        self._losses = Losses()
        self._forgotten = Forgotten()
        self._lent: set[int] = set()
        self.damaged: Path | None = None
        """The damaged file that is or was taken over since this one was opened."""
        self._file = OpenFile(path)
        try:
            self._open()
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> None:
        try:
            torn = self._load()
        except SpoolDamaged as error:
            _LOG.error("%s", error)
            self._file.renew()
            torn = self._load()
        self._takeovers: list[Takeover] = []
        with self._file.judged():
            for aside in spool_file.to_salvage(self._file.path):
                self._takeovers.append(Takeover(self._shelf, self._losses, aside))
                self.damaged = aside
            if torn is not None and torn.number > self._shelf.books.number:
                self._pass_over(torn)
            if self._takeovers:
                self._intake.look()

    def _load(self) -> Facts | None:
        """Read what the file says; return the facts of a torn write, if it has one."""
        path, db = self._file.path, self._file.db
        with self._file.reading():
            torn = spool_file.prepare(db, path)
            self.epoch = spool_file.identify(db, path, self._place)
            self._shelf = Shelf(db, self._place, self.epoch, batch_readings=self._batch_readings)
            self._losses.untold = spool_file.untold(db)
            room = Room(self._shelf, self._policy, self._lent)
            self._intake = Intake(self._shelf, self._losses, room.make, quota=self._quota, boot=self._boot)
        return torn

    def _pass_over(self, torn: Facts) -> None:
        """Tell the numbers of a torn write as lost, so that they are never given out again.

        Those that a damaged spool had come to are known by now: it may be their write that was torn.
        """
        known = self._shelf.books.next_seq
        spans = ((sensor, known.get(sensor, 0), end) for sensor, end in torn.next_seq.items())
        lost = [Gap(s, Cause.DAMAGED, begin, end - 1, end - begin) for s, begin, end in spans if end > begin]
        with spool_file.transaction(self._file.db):
            self._shelf.go_on_from(torn.next_seq)
            self._losses.untold = self._losses.untold.with_those_of(Untold(holes=tuple(lost)))
            spool_file.note_untold(self._file.db, self._losses.untold)

    @property
    def is_boot_dated(self) -> bool:
        """Whether this boot's clock has been vouched for, by this agent or one before it."""
        return self._intake.is_boot_dated

    @property
    def newest_late(self) -> int:
        """The newest batch of readings that are older than those of batches before it, 0 before the first."""
        late = self._shelf.books.late
        return late[-1][1] if late else 0

    @property
    def held(self) -> Held:
        """What waits for the hub, and for a date."""
        stored, gone = self._shelf.books.stored, self._forgotten
        left = stored.batches - len(gone), stored.readings - gone.readings, stored.bytes - gone.bytes
        return Held(*left, self._intake.undated)

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
        forgotten = self._due(len(taken), holes_can_be_told=stamp is not None)
        with self._undoing() as before, spool_file.transaction(self._file.db):
            if stamp is not None:
                self._losses.tell_refused_again(stamp.monotonic_ns)
            self._delete(forgotten)
            number = self._intake.write(taken, stamp, lost or {})
            if number is None and forgotten:
                self._shelf.note()
            if self._losses.untold != before.untold:
                spool_file.note_untold(self._file.db, self._losses.untold)
        self._forgotten.drop(forgotten)
        if forgotten:
            self._losses.deleted()
        if number is not None:
            self._losses.were_told()
        return number

    def has_to_commit(self, stamp: Stamp | None) -> bool:
        """Tell whether a commit without readings would date, tell or delete something that waits for one."""
        if stamp is not None and (self._intake.has_to_date(stamp) or self._losses.has_to_tell(stamp.monotonic_ns)):
            return True
        return self._file.has_stale_log or bool(self._due(0, holes_can_be_told=stamp is not None))

    @property
    def is_taking_over(self) -> bool:
        """Whether something of a damaged spool is still to come."""
        return bool(self._takeovers)

    def take_over(self) -> bool:
        """Take over a portion of a damaged spool, or none while the quota has no room; return whether more is left.

        Raises as `commit` does.
        """
        if not self._takeovers:
            return False
        takeover = self._takeovers[0]
        with self._undoing():
            takeover.go_on(self._intake.free(), self._intake.note_undated)
        if takeover.is_over:
            with self._file.judged():
                self.damaged = spool_file.note_salvaged(takeover.aside)
            self._takeovers.pop(0)
        return bool(self._takeovers)

    @contextlib.contextmanager
    def _undoing(self) -> Iterator[State]:
        """Give back what is known as it was before a change that is refused."""
        before = self._intake.state()
        try:
            with self._file.judged():
                yield before
        except BaseException:
            self._intake.restore(before)
            self._file.has_stale_log = True
            raise
        self._file.renew_log()

    def _due(self, readings: int, *, holes_can_be_told: bool) -> tuple[int, ...]:
        """Return the forgotten batches to delete now: many at once, or with the holes that they leave."""
        if self._losses.must_be_told:
            return tuple(self._forgotten) if holes_can_be_told else ()
        is_full = not self._intake.fits(readings + min(self._intake.undated, undated.PORTION), share=2)
        are_due = len(self._forgotten) >= _TOGETHER or is_full or self._takeovers
        return tuple(self._forgotten) if are_due else ()

    def _delete(self, numbers: Sequence[int]) -> None:
        if numbers:
            self._shelf.remove(self._forgotten.rows(numbers))
            self._losses.note_refused()

    def forget(self, number: int, missing: Sequence[Gap] = (), refused: Sequence[Gap] = ()) -> None:
        """Forget a batch that the hub has; its row goes with a later commit, which tells what is missing of it.

        `refused` is what refused gap readings would have told: it is kept, and told again after an hour or a restart.
        """
        with self._file.reading():
            found = batch_table.measures(self._file.db, number)
        self._lent.discard(number)
        if found is not None and number not in self._forgotten:
            self._forgotten.add(number, *found)
            self._losses.forgotten(missing, refused)

    def lines(self, number: int) -> int | None:
        """Return how many readings a batch has, None if it is not there any more."""
        with self._file.reading():
            found = batch_table.get(self._file.db, number)
        if found is None or number in self._forgotten:
            return None
        try:
            return batches.decode(found.payload).lines
        except BadBatch:
            return found.lines

    def after(self, number: int, *, limit: int) -> list[int]:
        """Return the numbers of the oldest batches after a number, forgotten ones left out."""
        with self._file.reading():
            numbers = batch_table.after(self._file.db, number, limit + len(self._forgotten))
            self._shelf.see_whole(number, numbers, limit)
        return [n for n in numbers if n not in self._forgotten][:limit]

    def fresh_after(self, number: int, *, limit: int) -> list[int]:
        """Return the numbers of the oldest batches after a number, those left out that were late when they were made.

        These hold older readings than batches before them: means, and what came over from a damaged spool.
        """
        fresh: list[int] = []
        for first, last in self._shelf.books.fresh_after(number):
            if len(fresh) < limit:
                fresh += [n for n in self.after(first - 1, limit=limit - len(fresh)) if n <= last]
        return fresh

    def payload(self, number: int) -> bytes | None:
        """Return a batch's compressed document, None if it was dropped, forgotten or is damaged: then it is a gap.

        A batch that was handed out is the last that a full spool gives up, since the hub may have it already.
        """
        if number in self._forgotten:
            return None
        with self._file.reading():
            found = batch_table.get(self._file.db, number)
        if found is None:
            self._lent.discard(number)
            with self._file.judged():
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
            with contextlib.suppress(sqlite3.Error), spool_file.transaction(self._file.db):
                self._delete(tuple(self._forgotten))
                self._shelf.note()
                self._forgotten = Forgotten()
        self._file.close()
