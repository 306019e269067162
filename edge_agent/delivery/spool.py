"""The spool: the agent's durable queue on SQLite, one row a batch.

The newest row stays, emptied, even when the hub has it, for it carries the sequence numbers: so none is ever used twice
within an epoch. A new spool draws a new epoch. Each row also carries what its loss would leave missing, so that a batch
that is dropped or found damaged leaves exact gaps.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from edge_agent.clock import Stamp
from edge_agent.delivery import batch_table, gaps, spool_file, undated
from edge_agent.delivery.batch_table import Held, Stored
from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.errors import SpoolDamaged, SpoolUnwritable
from edge_agent.taken import Taken
from telemetry import batch as batches
from telemetry.batch import Batch
from telemetry.errors import BadBatch
from telemetry.line import format_line
from telemetry.quality import Quality
from telemetry.reading import Place, Reading

_LOG = logging.getLogger(__name__)
_UNDATED_SHARE = 10
"""One part in so many of the quota is free for readings that wait for a date, however much the batches take."""


class Spool:
    """Commits readings, hands out batches, forgets them on the hub's word. Used by one thread at a time.

    Opening raises SpoolTaken, SpoolForeign or SpoolUnwritable. A file that is no database is set aside under another
    name, which `damaged` tells, and a new spool takes its place. Where damage shows later, the file is set aside then
    and SpoolDamaged is raised. `quota` bounds the bytes of all batches, `batch_readings` the readings in one.
    """

    def __init__(self, path: Path, place: Place, *, quota: int, boot: str, batch_readings: int) -> None:
        """Open or create the spool file."""
        self._batch_readings = batch_readings
        self._path = path
        self._place = place
        self._quota = quota
        self._boot = boot
        self._number = 0
        self._next_seq: dict[str, int] = {}
        self._forgotten: set[int] = set()
        self._holes: list[Gap] = []
        self._unnumbered: Counter[str] = Counter()
        self.held = Held()
        self.made = 0
        """Batches made since it was opened."""
        self.is_boot_dated = False
        """Whether this boot's clock has been vouched for, by this agent or one before it."""
        self.damaged: Path | None = None
        self._lock = spool_file.lock(path)
        try:
            self._db = self._opened()
        except sqlite3.Error as error:
            os.close(self._lock)
            raise SpoolUnwritable(f"spool {path} cannot be opened: {error}") from error
        except BaseException:
            os.close(self._lock)
            raise

    def _opened(self) -> sqlite3.Connection:
        """Open the file; a damaged one is set aside and a new one opened."""
        try:
            return self._loaded()
        except (sqlite3.Error, ValueError, TypeError, AttributeError) as error:
            if spool_file.is_refusal(error):
                raise
            self._set_aside(error)
            return self._loaded()

    def _set_aside(self, error: Exception) -> None:
        self.damaged = spool_file.set_aside(self._path)
        _LOG.error("spool %s is damaged (%s); kept as %s, a new one begins", self._path, error, self.damaged)

    def _loaded(self) -> sqlite3.Connection:
        db = spool_file.open_database(self._path)
        try:
            self.epoch = spool_file.identify(db, self._path, self._place)
            newest = batch_table.newest(db)
            self._number, self._next_seq = newest.number, dict(newest.next_seq)
            self.held = replace(newest.held, undated=undated.waiting(db))
            self._unnumbered = spool_file.unnumbered(db)
            self.is_boot_dated = undated.stamp_of(db, self._boot) is not None
        except BaseException:
            db.close()
            raise
        return db

    def commit(self, taken: Sequence[Taken], stamp: Stamp | None, lost: Mapping[str, int] | None = None) -> int | None:
        """Make the readings durable, in batches, and return the newest one's number, None if none was made.

        Without a stamp they wait with boot id and monotonic time; the first commit that has one stamps them, once.
        `lost` counts readings by sensor that never came this far; they become a gap. Raises SpoolUnwritable, and then
        nothing has changed, or SpoolDamaged.
        """
        noted = Counter(self._unnumbered)
        before = self._number, dict(self._next_seq), self.held, noted, self.made, self.is_boot_dated
        holes_stay = stamp is None and bool(self._holes)
        try:
            with self._judged(), self._transaction():
                self._unnumbered.update(lost or {})
                if not holes_stay:
                    self._delete_forgotten()
                number = self._keep_undated(taken) if stamp is None else self._append(taken, stamp)
                if not holes_stay:
                    batch_table.note_held(self._db, self._number, self.held)
                if self._unnumbered != noted:
                    spool_file.note_unnumbered(self._db, self._unnumbered)
        except BaseException:
            self._number, self._next_seq, self.held, self._unnumbered, self.made, self.is_boot_dated = before
            raise
        if not holes_stay:
            self._forgotten.clear()
        if number is not None:
            self._holes.clear()
        return number

    @contextlib.contextmanager
    def _judged(self) -> Iterator[None]:
        """Tell a refusing disk, which may take the next commit, from a damaged file, which never will."""
        try:
            yield
        except sqlite3.Error as error:
            if spool_file.is_refusal(error):
                raise SpoolUnwritable(f"the spool refuses: {error}") from error
            self._set_aside(error)
            raise SpoolDamaged(f"spool {self._path} is damaged: {error}; start again with a new one") from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def _keep_undated(self, taken: Sequence[Taken]) -> int | None:
        undated.keep(self._db, self._boot, taken)
        room = max(self._quota // _UNDATED_SHARE, self._quota - self.held.bytes) // undated.BYTES_PER_READING
        dropped = undated.drop(self._db, self.held.undated + len(taken) - room)
        self._unnumbered.update(dropped)
        self.held = replace(self.held, undated=self.held.undated + len(taken) - dropped.total())
        return None

    def _append(self, taken: Sequence[Taken], stamp: Stamp) -> int | None:
        """Insert what waited undated, what is new, and the gaps that the quota or damage cost."""
        self._note_boot(stamp)
        dated = [(t.sensor, stamp.marked(t.measurement), stamp.milliseconds(t.at)) for t in taken]
        if self.held.undated:
            waited, out = undated.stamped(self._db, self._boot, stamp)
            self.held = replace(self.held, undated=self.held.undated - out)
            dated = waited + dated
        holes = self._holes + self._numbered() + self._make_room(len(dated))
        for gap in gaps.merged(holes):
            dated.append((gap.sensor, stamp.marked(gap.measurement()), stamp.wall_ms))
        for first in range(0, len(dated), self._batch_readings):
            self._insert(dated[first : first + self._batch_readings])
        return self._number if dated else None

    def _note_boot(self, stamp: Stamp) -> None:
        if not self.is_boot_dated and stamp.quality is Quality.GOOD:
            undated.note_boot(self._db, self._boot, stamp)
            self.is_boot_dated = True

    def _insert(self, dated: Sequence[undated.Dated]) -> None:
        """Insert one batch."""
        before = dict(self._next_seq)
        lines = [format_line(self._place, Reading(s, m, time, self._take_seq(s))) for s, m, time in dated]
        self._number += 1
        payload = Batch(self.epoch, self._number, len(lines), ("\n".join(lines) + "\n").encode()).encode()
        contents = gaps.contents(before, self._next_seq, [(sensor, said) for sensor, said, _ in dated])
        next_seq = json.dumps(self._next_seq)
        size = batch_table.size_of(payload, next_seq, contents)
        batch_table.insert(self._db, Stored(self._number, len(lines), size, contents), payload, next_seq)
        self.held = self.held.plus(1, len(lines), size)
        self.made += 1

    def _take_seq(self, sensor: str, count: int = 1) -> int:
        seq = self._next_seq.get(sensor, 0)
        self._next_seq[sensor] = seq + count
        return seq

    def _numbered(self) -> list[Gap]:
        """Give numbers to what was lost before it had any, and return them as gaps."""
        lost, self._unnumbered = self._unnumbered, Counter()
        first_of = {sensor: self._take_seq(sensor, count) for sensor, count in lost.items()}
        return [
            Gap(sensor, Cause.UNCOMMITTED, first, first + lost[sensor] - 1, lost[sensor])
            for sensor, first in first_of.items()
        ]

    def _make_room(self, readings: int) -> list[Gap]:
        """Drop the oldest batches until the quota has room for so many readings; return what was dropped."""
        needed = batch_table.room_for(readings, len(self._next_seq), self._batch_readings)
        needed += self.held.undated * undated.BYTES_PER_READING
        lost: list[Gap] = []
        while self.held.batches and self.held.bytes + needed > self._quota:
            oldest = batch_table.oldest(self._db)
            lost += gaps.lost(oldest.contents, Cause.DROPPED)
            batch_table.delete(self._db, oldest.number, self._number)
            self.held = self.held.plus(-1, oldest.lines, oldest.size)
        return lost

    def forget(self, number: int, missing: Sequence[Gap] = ()) -> None:
        """Forget a batch that the hub has; its row goes with the next commit, which tells what is missing of it."""
        with self._judged():
            found = batch_table.measures(self._db, number)
        if found is not None and number not in self._forgotten:
            self._forgotten.add(number)
            self._holes += missing
            self.held = self.held.plus(-1, *found)

    def _delete_forgotten(self) -> None:
        for number in self._forgotten:
            batch_table.delete(self._db, number, self._number)

    def lines(self, number: int) -> int | None:
        """Return how many readings a batch has, None if it is not there any more."""
        with self._judged():
            found = batch_table.measures(self._db, number)
        return None if found is None or number in self._forgotten else found[0]

    def after(self, number: int, *, limit: int) -> list[int]:
        """Return the numbers of the oldest batches after a number, forgotten ones left out."""
        with self._judged():
            numbers = batch_table.after(self._db, number, limit + len(self._forgotten))
        return [n for n in numbers if n not in self._forgotten][:limit]

    def payload(self, number: int) -> bytes | None:
        """Return a batch's compressed document, None if it was dropped, forgotten or is damaged: then it is a gap."""
        if number in self._forgotten:
            return None
        with self._judged():
            found = batch_table.document(self._db, number)
        if found is None:
            return None
        payload, contents = found
        try:
            batches.decode(payload)
        except BadBatch as error:
            _LOG.error("batch %d in the spool is damaged (%s) and becomes a gap", number, error)
            self.forget(number, gaps.lost(contents, Cause.DAMAGED))
            return None
        return payload

    def close(self) -> None:
        """Delete what was forgotten, unless it leaves gaps that are not told yet; close the file and free it."""
        if not self._holes:
            with contextlib.suppress(sqlite3.Error), self._transaction():
                self._delete_forgotten()
                batch_table.note_held(self._db, self._number, self.held)
        self._db.close()
        os.close(self._lock)
