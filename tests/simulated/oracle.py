"""Watches one agent's spool from outside: what a commit promised, what is forgotten, what is dropped and told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from edge_agent.clock import Stamp
from edge_agent.taken import Taken
from telemetry import batch as batches
from tests.simulated.host import Host, true_ns
from tests.simulated.ledger import Book, Debts, Entry, Life, Number, hold, owe, owe_what_it_tells, rows_of
from tests.simulated.means import check_mean
from tests.simulated.store import Database
from tests.simulated.times import check_time
from tests.simulated.trace import Trace
from tests.support.spooling import Row

_VALUES = {"air": "pm2_5", "crossing": "speed"}
"""The quantity that names each reading, by family."""

_AVERAGED = 512


class Oracle:
    """Holds the agent to its book; every check raises Violation."""

    def __init__(self, name: str, host: Host, database: Database, trace: Trace) -> None:
        self.name = name
        self.host = host
        self.book = Book()
        self.lines: dict[bytes, tuple[Life, Number]] = {}
        self.forgotten = 0
        """Batches that the hub was believed to have."""
        self.largest_batch = 0
        self.newest_commit = 0
        """Batches made by the newest commit."""
        self.damaged = ""
        """The epoch of a spool that was damaged, until another takes its place."""
        self.is_new_card = True
        """Whether the agent has a card on which no spool is yet."""
        self._database = database
        self._trace = trace
        self._keys: dict[bytes, bytes] = {}

    @property
    def has_to_tell(self) -> bool:
        """Whether something is missing that no gap tells yet."""
        life = next(reversed(self.book.lives.values()), None)
        return life is not None and bool(life.uncommitted or any(life.forgotten.values()))

    def took(self, sensor: str, value: float, at: int) -> Entry:
        """Note a reading that a sensor gives now."""
        true_ms = true_ns(self.host.booted_at) / 10**6 + at / 10**6
        entry = self.book.entries[sensor, value] = Entry(sensor, value, at, self.host.boot, true_ms)
        return entry

    def put_in(self, entry: Entry) -> None:
        """Note that the agent has taken a reading in, and owes its commit."""
        entry.put_at = asyncio.get_running_loop().time()
        self.book.waiting.append(entry)

    def opened(self, epoch: str, live: Sequence[int]) -> None:
        """Note what a spool holds when an agent opens it: all that was promised, no more."""
        if epoch not in self.book.lives:
            self.book.lives[epoch] = self._begun(epoch)
        life = self.book.lives[epoch]
        known = life.live | set(life.forgotten)
        hold("I1", life.live <= set(live), "gone with a restart: batches", sorted(life.live - set(live)))
        hold("I1", set(live) <= known, "come from nowhere: batches", sorted(set(live) - known))
        for number in live:
            for refused in life.forgotten.pop(number, ()):
                life.missing.pop(refused, None)
            life.live.add(number)
        self._trace.note("opened", self.name, epoch, len(live))

    def _begun(self, epoch: str) -> Life:
        """Return the life of a new spool, which takes the place of a damaged one or begins on a new card."""
        hold("I1", self.damaged or self.is_new_card, "a new spool, and the old one was sound:", epoch)
        damaged, self.damaged, self.is_new_card = self.damaged, "", False
        return self.book.lives[damaged].taking_over(epoch) if damaged else Life(epoch)

    def damage(self) -> None:
        """Note that the newest spool is damaged, though everything in it is intact."""
        self.damaged = next(reversed(self.book.lives), "")
        self._trace.note("damaged", self.name, self.damaged)

    @property
    def is_coming_over(self) -> bool:
        """Whether something of a damaged spool is still to come."""
        life = next(reversed(self.book.lives.values()), None)
        return bool(self.damaged) or (life is not None and life.before is not None)

    def came_over(self, spool: Any, *, is_over: bool) -> None:
        """Hold a portion of a damaged spool to what that one promised: nothing new, and in the end all of it."""
        life = self.book.lives[spool.epoch]
        if life.before is None:
            return
        newest = max(life.batches, default=0)
        for number in spool.after(newest, limit=10**9):
            self._take_over(life, number, spool.payload(number))
        if is_over:
            left = [line for line, must in life.coming.items() if must]
            hold("I1", not left, "did not come over:", left[:5])
            life.undated[:0] = life.before.undated
            life.before.undated = []
            for sensor, count in life.before.uncommitted.items():
                life.uncommitted[sensor] = life.uncommitted.get(sensor, 0) + count
            life.coming, life.before = {}, None
            self._drop_undated(life, len(life.undated) - spool.held.undated)

    def _take_over(self, life: Life, number: int, payload: bytes | None) -> None:
        lines = self._lines(life, number, payload)
        for line in lines:
            hold("I3", line in life.coming, "comes over, and was not there:", line)
            del life.coming[line]
            _, named = self.lines[line]
            if life.missing.get(named) == "refused":
                del life.missing[named]
        life.batches[number] = lines
        life.live.add(number)
        self._trace.note("came over", self.name, number, len(lines))

    def committed(self, spool: Any, taken: Sequence[Taken], lost: Mapping[str, int], stamp: Stamp | None) -> None:
        """Note a commit that returned, and hold it to what it must have done."""
        life = self.book.lives[spool.epoch]
        self._note_lost(life, lost)
        entries = [self._entry_of(t) for t in taken]
        now = asyncio.get_running_loop().time()
        for entry in entries:
            hold("I4", entry.committed_at is None and not entry.lost, "committed twice:", entry)
            entry.committed_at = now
        self._take_out(entries)
        life.undated += entries
        if stamp is not None:
            self.host.note_stamp(stamp)
            self._follow(life, spool)
        else:
            self._drop_undated(life, len(life.undated) - spool.held.undated)
        if taken:
            self._trace.note("committed", self.name, len(taken), len(life.live), len(life.undated))

    def _take_out(self, entries: Sequence[Entry]) -> None:
        """Let committed readings wait no longer; nobody of the same sensor may be passed over."""
        done = set(entries)
        sensors = {entry.sensor for entry in entries}
        for sensor in sorted(sensors):
            oldest = next((entry for entry in self.book.waiting if entry.sensor == sensor), None)
            hold("I2", oldest is None or oldest in done, "passed over by a commit:", oldest)
        self.book.waiting = [entry for entry in self.book.waiting if entry not in done]

    def _entry_of(self, taken: Taken) -> Entry:
        said = taken.measurement
        entry = self.book.entries.get((taken.sensor, said.values[_VALUES[said.family]]))
        hold("I3", entry is not None and entry.at == taken.at, "committed, and never taken:", taken)
        assert entry is not None
        return entry

    def _note_lost(self, life: Life, lost: Mapping[str, int]) -> None:
        """Take the oldest that wait as lost from memory."""
        for sensor, count in lost.items():
            oldest = [entry for entry in self.book.waiting if entry.sensor == sensor][:count]
            hold("I5", len(oldest) == count, count, "of", sensor, "are called lost, but waiting are", len(oldest))
            for entry in oldest:
                entry.lost = "memory"
                self.book.waiting.remove(entry)
            life.uncommitted[sensor] = life.uncommitted.get(sensor, 0) + count

    def _drop_undated(self, life: Life, count: int) -> None:
        hold("I1", count >= 0, "more readings wait for a date than were committed")
        for entry in life.undated[:count]:
            entry.lost = "undated"
            life.uncommitted[entry.sensor] = life.uncommitted.get(entry.sensor, 0) + 1
        del life.undated[:count]

    def _follow(self, life: Life, spool: Any) -> None:
        """Compare what the spool holds with what it held: new batches, those given up, and the gaps between."""
        there = spool.after(0, limit=10**9)
        newest = max(life.batches, default=0)
        given_up = [line for number in sorted(life.live - set(there)) for line in life.batches[number]]
        life.live.intersection_update(there)
        before = dict(life.numbers)
        told: Debts = {}
        fresh = [number for number in there if number > newest]
        self.newest_commit = len(fresh) or self.newest_commit
        for number in fresh:
            for row in self._new_batch(life, number, spool.payload(number), given_up):
                if row.family == "gap":
                    owe_what_it_tells(told, row)
        debts = self._given_up(life, given_up)
        for refused in life.forgotten.values():
            for sensor, seq in refused:
                owe(debts, sensor, "refused", seq, seq)
        self._number_the_lost(life, before, debts)
        hold("I5", debts == told, "gaps tell", told, "but missing are", debts)
        life.forgotten = {number: [] for number in life.forgotten}

    def _given_up(self, life: Life, lines: list[bytes]) -> Debts:
        """Return what gaps must tell of lines that are gone, and what these told themselves."""
        debts: Debts = {}
        for row in rows_of(lines):
            life.missing[row.sensor, row.seq] = "given up"
            owe(debts, row.sensor, "given up", row.seq, row.seq)
            if row.family == "gap":
                owe_what_it_tells(debts, row)
        return debts

    def _number_the_lost(self, life: Life, before: dict[str, int], debts: Debts) -> None:
        """Add the numbers that were skipped, each of which must be told.

        The first are those of readings lost before they had one, the rest those of means that were dropped at once.
        """
        for sensor, following in life.numbers.items():
            skipped = [n for n in range(before.get(sensor, 0), following) if (sensor, n) not in life.given]
            lost = life.uncommitted.pop(sensor, 0)
            hold("I5", len(skipped) >= lost, sensor, "skips", skipped, "and lost before commit were", lost)
            for place, number in enumerate(skipped):
                cause = "uncommitted" if place < lost else "given up"
                life.missing[sensor, number] = cause
                owe(debts, sensor, cause, number, number)

    def _lines(self, life: Life, number: int, payload: bytes | None) -> list[bytes]:
        """Return the lines of a batch that was committed just now."""
        hold("I1", payload is not None, "unreadable after its commit: batch", number)
        batch = batches.decode(payload or b"")
        self.largest_batch = max(self.largest_batch, len(batch.body))
        hold("I1", (batch.epoch, batch.number) == (life.epoch, number), number, "calls itself", batch.number)
        return batch.body.splitlines(keepends=True)

    def _new_batch(self, life: Life, number: int, payload: bytes | None, given_up: list[bytes]) -> list[Row]:
        """Note a new batch and return its rows that are new; others may only be moved from one that was given up."""
        lines = self._lines(life, number, payload)
        fresh: list[Row] = []
        for row, line in zip(rows_of(lines), lines, strict=True):
            if line in given_up:
                given_up.remove(line)
                continue
            self._note_line(life, row, line)
            if row.family in _VALUES:
                self._note_reading(life, row, line, given_up)
            fresh.append(row)
        life.batches[number] = lines
        life.live.add(number)
        return fresh

    def _note_line(self, life: Life, row: Row, line: bytes) -> None:
        named = (row.sensor, row.seq)
        hold("I4", named not in life.given and named not in life.missing, "used twice: number", named)
        hold("I4", row.seq % 10**6 == row.below, "its number is not in its time:", line)
        series, _, at = line.split(b" ")
        key = series + at
        hold("I4", self._keys.setdefault(key, line) == line, line, "has the key of", self._keys[key])
        self.lines[line] = (life, named)
        life.given[named] = line
        life.numbers[row.sensor] = max(life.numbers.get(row.sensor, 0), row.seq + 1)

    def _note_reading(self, life: Life, row: Row, line: bytes, given_up: Sequence[bytes]) -> None:
        """Hold a reading that got its number and time to what its sensor gave."""
        value = row.values[_VALUES[row.family]]
        if row.quality & _AVERAGED:
            check_mean(row, value, given_up, _VALUES[row.family])
            return
        entry = self.book.entries.get((row.sensor, value))
        hold("I3", entry is not None, "never taken:", line)
        assert entry is not None
        hold("I4", not entry.line, entry.line, "comes again as", line)
        hold("I1", entry in life.undated, "of no reading that waits:", line)
        life.undated.remove(entry)
        entry.line = line
        check_time(self.host, entry, row)

    def forgets(self, epoch: str, number: int, missing: Sequence[Any]) -> None:
        """Hold the agent to the database when it lets a batch go: each line is there to stay, or told as refused."""
        life = self.book.lives[epoch]
        if number not in life.live:
            return
        told: Debts = {}
        for gap in missing:
            owe(told, gap.sensor, gap.cause.value, gap.first, gap.last, gap.count)
        absent: list[Number] = []
        debts: Debts = {}
        for line in life.batches[number]:
            if self._database.has_surely(line):
                continue
            hold("I1", self._database.is_bad(line), "batch", number, "is forgotten and not stored is", line)
            _, (sensor, seq) = self.lines[line]
            absent.append((sensor, seq))
            owe(debts, sensor, "refused", seq, seq)
        hold("I5", debts == told, "of batch", number, "are refused", debts, "but told", told)
        life.missing |= dict.fromkeys(absent, "refused")
        life.live.discard(number)
        life.forgotten[number] = absent
        self.forgotten += 1
        self._trace.note("forgotten", self.name, number, len(absent))

    def hears(self, payload: bytes) -> None:
        """Hold what the agent says to what it committed."""
        batch = batches.decode(payload)
        life = self.book.lives.get(batch.epoch)
        known = life.batches.get(batch.number) if life else None
        hold("I3", known is not None, "said, and never committed: batch", batch.number, "of", batch.epoch)
        hold("I3", b"".join(known or ()) == batch.body, "said with other lines than committed: batch", batch.number)
        self._trace.note("said", self.name, batch.number)
