"""The batches' rows and the books about them, changed together within the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from edge_agent.delivery import batch_table, gaps
from edge_agent.delivery.batch_table import Level, Row
from edge_agent.delivery.facts import NOTHING, RUNS, Facts, Held
from edge_agent.delivery.gaps import Cause
from edge_agent.delivery.runs import Run, Runs
from edge_agent.errors import SpoolDamaged
from edge_agent.taken import Dated
from telemetry.batch import Batch
from telemetry.line import format_line
from telemetry.reading import Place, Reading

_LATE_RUNS = 64
"""Between older runs a batch that was not late passes for one: it is no longer fresh by then."""


@dataclass(frozen=True, slots=True)
class Books:
    """What is known of the rows without looking: whoever gives an earlier one back has undone all that came after."""

    number: int = 0
    """The newest batch's."""
    next_seq: Mapping[str, int] = field(default_factory=dict)
    noted: Mapping[str, int] = field(default_factory=dict)
    """The same as of the newest row."""
    stored: Held = NOTHING
    """What lies in the file; what was forgotten lies there until it is deleted."""
    gone: tuple[Run, ...] = ()
    dated: int = 0
    told_times: int = 0
    begins: tuple[int, ...] = (0,) * len(Level)
    """For each level a number before which no batch is of it."""
    late: tuple[Run, ...] = ()
    """Batches made since the file was opened whose readings are older than those of batches before, as rough runs."""

    def fresh_after(self, number: int) -> list[Run]:
        """Return the runs of numbers after one that were not late."""
        late = [run for run in self.late if run[1] > number]
        begins = [number + 1, *(last + 1 for _, last in late)]
        ends = [*(first - 1 for first, _ in late), self.number]
        return [(begin, end) for begin, end in zip(begins, ends, strict=True) if begin <= end]


class Shelf:
    """Inserts and deletes batches. Every change must be within a transaction."""

    def __init__(self, db: sqlite3.Connection, place: Place, epoch: str, *, batch_readings: int) -> None:
        """Read the books from the newest row; raises SpoolDamaged where they cannot be read."""
        self.db = db
        self._place = place
        self._epoch = epoch
        self._batch_readings = batch_readings
        self.books = _books(db)
        self.made = 0
        """Batches made since it was opened."""

    def room_for(self, readings: int) -> int:
        """Return the bytes that so many readings may take."""
        return batch_table.room_for(readings, len(self.books.next_seq), self._batch_readings)

    def take_seq(self, sensor: str, count: int = 1) -> int:
        """Take so many of a sensor's numbers and return the first."""
        seq = self.books.next_seq.get(sensor, 0)
        self.books = replace(self.books, next_seq={**self.books.next_seq, sensor: seq + count})
        return seq

    def go_on_from(self, next_seq: Mapping[str, int]) -> None:
        """Skip to the numbers that another spool has come to, in a row that has nothing else."""
        books = self.books
        known = {s: max(n, books.next_seq.get(s, 0)) for s, n in {**books.next_seq, **next_seq}.items()}
        number = books.number + 1
        gone = Runs(books.gone)
        gone.add(number)
        said = Facts(number, known, gone=tuple(gone), held=books.stored, dated=books.dated, told_times=books.told_times)
        batch_table.insert(self.db, Row(number, Level.WHOLE, 0, 0, b"", said.encode()))
        self.books = replace(books, number=number, next_seq=known, noted=known, gone=said.gone)

    def append(self, dated: Sequence[Dated], *, level: Level = Level.WHOLE) -> None:
        """Insert measurements in as few batches as may be; each takes its sensor's next number."""
        for first in range(0, len(dated), self._batch_readings):
            self._insert(self._formatted(dated[first : first + self._batch_readings]), level)
            if level is not Level.WHOLE:
                self._note_late()

    def append_lines(self, lines: Sequence[bytes], *, level: Level) -> None:
        """Insert lines that have their numbers, each with its line feed, and that were committed before."""
        for first in range(0, len(lines), self._batch_readings):
            self._insert(lines[first : first + self._batch_readings], level)
            self._note_late()

    def _note_late(self) -> None:
        late = Runs(self.books.late)
        late.add(self.books.number)
        self.books = replace(self.books, late=late.in_at_most(_LATE_RUNS))

    def _formatted(self, dated: Sequence[Dated]) -> list[bytes]:
        numbers = dict(self.books.next_seq)
        lines = []
        for sensor, measurement, time in dated:
            seq = numbers.get(sensor, 0)
            numbers[sensor] = seq + 1
            lines.append(f"{format_line(self._place, Reading(sensor, measurement, time, seq))}\n".encode())
        self.books = replace(self.books, next_seq=numbers)
        return lines

    def _insert(self, lines: Sequence[bytes], level: Level) -> None:
        body, books = b"".join(lines), self.books
        payload = Batch(self._epoch, books.number + 1, len(lines), body).encode()
        took = {s: n - books.noted.get(s, 0) for s, n in books.next_seq.items() if n > books.noted.get(s, 0)}
        own, told = tuple(gaps.numbered(body, Cause.DAMAGED)), tuple(gaps.told(body))
        said = Facts(
            books.number + 1, books.next_seq, took, own, told, books.gone, books.stored, books.dated, books.told_times
        )
        size = batch_table.size_of(payload, said.encode())
        stored = books.stored.plus(1, len(lines), size)
        row = Row(books.number + 1, level, len(lines), size, payload, replace(said, held=stored).encode())
        batch_table.insert(self.db, row)
        self.books = replace(books, number=row.number, noted=books.next_seq, stored=stored)
        self.made += 1

    def remove(self, rows: Collection[tuple[int, int, int]]) -> None:
        """Delete batches, given their numbers, lines and sizes; `note` must follow unless a batch is appended."""
        gone, stored = Runs(self.books.gone), self.books.stored
        for number, lines, size in rows:
            gone.add(number)
            stored = stored.plus(-1, lines, size)
        self._delete({gone.around(number) for number, _, _ in rows}, tuple(gone))
        self.books = replace(self.books, gone=tuple(gone), stored=stored)

    def _delete(self, runs: Iterable[Run], gone: Sequence[Run]) -> None:
        """Delete runs of batches; of the newest ones the last row stays for its facts."""
        newest = set(gone[-RUNS:])
        for first, last in runs:
            batch_table.delete(self.db, first, last, keep_facts=(first, last) in newest)
        for _, last in self.books.gone[-RUNS:]:
            if not any(first <= last <= end for first, end in newest):
                batch_table.delete(self.db, last, last, keep_facts=False)

    def see_gone(self, number: int) -> None:
        """Raise SpoolDamaged unless a batch that is not found is known to be gone."""
        if number <= self.books.number and number not in Runs(self.books.gone):
            raise SpoolDamaged(f"batch {number} is not where it should be")

    def see_whole(self, number: int, following: Sequence[int], limit: int) -> None:
        """Raise SpoolDamaged unless all that should be between some batches is there: a damaged tree may lose some."""
        books = self.books
        gone = Runs(books.gone)
        ends = [books.number + 1] if len(following) < limit else []
        for found in [*following, *ends]:
            first, last = number + 1, found - 1
            if first <= last and (first not in gone or gone.around(first)[1] < last):
                raise SpoolDamaged(f"batches between {number} and {found} are not where they should be")
            number = found

    def note(self) -> None:
        """Write the books into the newest row."""
        newest = batch_table.newest(self.db)
        said = None if newest is None else Facts.decode(newest.facts)
        if newest is not None and said is not None:
            now = replace(said, gone=self.books.gone, held=self.books.stored, told_times=self.books.told_times)
            batch_table.note_facts(self.db, newest.number, now.encode())


def _books(db: sqlite3.Connection) -> Books:
    newest = batch_table.newest(db)
    if newest is None:
        return Books()
    said = Facts.decode(newest.facts)
    if said is None or said.number != newest.number:
        raise SpoolDamaged("the newest batch's facts are damaged")
    gone = (*batch_table.gaps_before(db, said.known_from), *said.gone)
    return Books(
        newest.number, said.next_seq, said.next_seq, said.held, gone, dated=said.dated, told_times=said.told_times
    )
