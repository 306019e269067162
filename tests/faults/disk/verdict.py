"""Judges what a spool hands out after a fault by the ledger: reading by reading, number by number, byte by byte."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from telemetry import batch
from telemetry.errors import BadBatch
from tests.faults.disk.accounts import Accounts, Number
from tests.faults.disk.ledger import Kept, Ledger, rows_of
from tests.faults.disk.opening import Found, goes_on
from tests.faults.disk.workload import AFTER_CUT, Reading, Sequel
from tests.support.spooling import Row


@dataclass(slots=True)
class Verdict:
    """What a spool lost and made up, in readings; nothing of it is good."""

    committed: int = 0
    lost: int = 0
    """Committed readings that are neither in the spool nor with the hub, and that no gap tells."""
    lost_within: int = 0
    """Of these, the ones before the newest of their sensor that is left; of later ones nothing may know any more."""
    told: int = 0
    """Committed readings that are gone, and that a gap tells."""
    false: int = 0
    doubled: int = 0
    reused: int = 0
    """Numbers and keys that stand for two different rows."""
    untold: int = 0
    """Numbers that are neither in a row nor told by a gap."""
    changed: int = 0
    """Batches that are there, but not byte for byte."""
    lost_batches: int = 0
    set_aside: bool = False
    stopped: str = ""
    seconds: float = 0.0

    @property
    def wrong(self) -> str:
        """Return what is wrong in a few words, empty if nothing is."""
        names = ("lost", "false", "doubled", "reused", "untold", "changed")
        said = [f"{getattr(self, name)} {name}" for name in names if getattr(self, name)]
        return ", ".join(said + [self.stopped] * bool(self.stopped))


def judge(path: Path, ledger: Ledger, sequel: Sequel = AFTER_CUT) -> Verdict:
    """Open the spool, let it go on, open it again, and judge what it hands out."""
    return compare(ledger, goes_on(path, sequel))


def compare(ledger: Ledger, found: Found) -> Verdict:
    """Judge what was found."""
    accounts = Accounts(ledger.index)
    broken = sum(_take(accounts, ledger, number, payload) for number, payload in found.payloads.items())
    for number, dead in ledger.heard.items():
        accounts.take(ledger.epochs[number], ledger.made[number].rows[dead:], of_hub=True)
    told = accounts.told()
    gone = [r for r in ledger.readings if not accounts.has(r)]
    untold, told_too_much = accounts.holes(told)
    silent = _silent(ledger, gone, accounts, told)
    return Verdict(
        committed=len(ledger.readings),
        lost=len(silent),
        lost_within=_within(ledger, silent, accounts),
        told=len(gone) - len(silent),
        false=accounts.false + broken + told_too_much,
        doubled=accounts.doubled,
        reused=accounts.reused + _numbers_again(ledger, found),
        untold=untold,
        changed=_changed(ledger, found, told),
        lost_batches=_lost_batches(ledger, accounts),
        set_aside=found.set_aside,
        stopped=found.stopped,
        seconds=found.seconds,
    )


def _silent(ledger: Ledger, gone: list[Reading], accounts: Accounts, told: set[Number]) -> list[Reading]:
    """Return what is gone and not told; what never had a number is told by how many of its sensor were dropped."""
    silent = [r for r in gone if r in ledger.numbers and ledger.numbers[r] not in told]
    dropped = accounts.dropped_unnumbered()
    for reading in gone:
        if reading not in ledger.numbers:
            dropped[reading.taken.sensor] -= 1
            silent += [reading] * (dropped[reading.taken.sensor] < 0)
    return silent


def _within(ledger: Ledger, silent: list[Reading], accounts: Accounts) -> int:
    """Count what is gone although something later of its sensor is left."""
    newest: dict[str, int] = {}
    for reading, (sensor, seq) in ledger.numbers.items():
        if accounts.has(reading):
            newest[sensor] = max(seq, newest.get(sensor, -1))
    numbers = [ledger.numbers.get(reading) for reading in silent]
    return sum(number is None or number[1] < newest.get(number[0], -1) for number in numbers)


def _take(accounts: Accounts, ledger: Ledger, number: int, payload: bytes) -> int:
    """Take a batch's rows in; return how many of its lines are false because they are no rows at all."""
    kept = ledger.made.get(number)
    try:
        said = batch.decode(payload)
        rows: tuple[Row, ...] = kept.rows if kept is not None and kept.payload == payload else rows_of(payload)
    except (AssertionError, BadBatch, ValueError):
        return 1
    accounts.take(said.epoch, rows)
    return 0


def _changed(ledger: Ledger, found: Found, told: set[Number]) -> int:
    """Count due batches that are there, but not byte for byte, and no gap tells why."""
    if found.epoch != ledger.epoch:
        return 0
    due = {n: kept for n, kept in ledger.due.items() if ledger.epochs[n] == ledger.epoch}
    here = [(kept, found.payloads[n]) for n, kept in due.items() if n in found.payloads]
    return sum(payload != kept.payload and not _is_less(payload, kept, told) for kept, payload in here)


def _is_less(payload: bytes, kept: Kept, told: set[Number]) -> bool:
    """Tell whether all that a batch lacks is told."""
    try:
        left = rows_of(payload)
    except (AssertionError, BadBatch, ValueError):
        return False
    return all((row.sensor, row.seq) in told for row in kept.rows if row not in left)


def _lost_batches(ledger: Ledger, accounts: Accounts) -> int:
    """Count due batches of which a reading is gone."""
    found = [[ledger.index.find(row) for row in kept.rows] for kept in ledger.due.values()]
    return sum(any(r is not None and not accounts.has(r) for r in readings) for readings in found)


def _numbers_again(ledger: Ledger, found: Found) -> int:
    """Count batch numbers that were given a second time."""
    newest = max((n for n in ledger.made if ledger.epochs[n] == ledger.epoch), default=0)
    return sum(number <= newest for number in found.later) if found.epoch == ledger.epoch else 0
