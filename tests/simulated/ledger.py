"""The oracle's book, outside the system: every reading that a sensor gave, and what the spool promised about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.support.spooling import Row, row

Number = tuple[str, int]
"""A sensor and a sequence number."""


class Violation(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, text: str) -> None:
        self.invariant = invariant
        super().__init__(f"{invariant}: {text}")


def hold(invariant: str, true: object, *said: object) -> None:
    """Raise Violation unless it is true."""
    if not true:
        raise Violation(invariant, " ".join(map(str, said)))


@dataclass(eq=False)
class Entry:
    """One reading as the sensor gave it."""

    sensor: str
    value: float
    at: int
    """Monotonic nanoseconds of its boot."""
    boot: int
    true_ms: float
    put_at: float = 0.0
    committed_at: float | None = None
    line: bytes = b""
    """Its line, once it has a number and a time."""
    lost: str = ""
    """Why it will never be a row, where policy or a crash took it before it had a number."""


@dataclass
class Debt:
    """What gaps have to tell of one sensor: lowest and highest number missing, and how many."""

    first: int = 10**18
    last: int = -1
    count: int = 0

    def add(self, first: int, last: int, count: int = 1) -> None:
        self.first, self.last, self.count = min(self.first, first), max(self.last, last), self.count + count


Debts = dict[tuple[str, str], Debt]
"""By sensor and cause."""


def owe(debts: Debts, sensor: str, cause: str, first: int, last: int, count: int = 1) -> None:
    """Add to what gaps have to tell; what was thinned and what was dropped made room alike."""
    why = "given up" if cause in ("dropped", "thinned") else cause
    debts.setdefault((sensor, why), Debt()).add(first, last, count)


def owe_what_it_tells(debts: Debts, gap: Row) -> None:
    """Add what a gap reading tells."""
    first, last, count = (int(gap.values[name]) for name in ("first", "last", "count"))
    owe(debts, gap.sensor, gap.labels["cause"], first, last, count)


@dataclass
class Life:
    """One spool from its first reading to the loss of its card: an epoch."""

    epoch: str
    batches: dict[int, list[bytes]] = field(default_factory=dict)
    """Every batch that was ever committed."""
    live: set[int] = field(default_factory=set)
    forgotten: dict[int, list[Number]] = field(default_factory=dict)
    """Batches that the agent let go and the disk may still hold, with what the hub refused and no gap tells yet."""
    given: dict[Number, bytes] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """The next number of each sensor."""
    missing: dict[Number, str] = field(default_factory=dict)
    """Numbers that gaps tell, or have still to tell, and why."""
    uncommitted: dict[str, int] = field(default_factory=dict)
    """Readings lost before they had a number, and not told yet."""
    undated: list[Entry] = field(default_factory=list)
    coming: dict[bytes, bool] = field(default_factory=dict)
    """Lines that may come over from a damaged spool, whose place this one takes, and whether they must."""
    before: Life | None = None
    """That spool's life, until all of it is over."""

    def taking_over(self, epoch: str) -> Life:
        """Return the life of a spool that takes the place of this one: the numbers go on, and the debts stay."""
        must = {line for number in self.live for line in self.batches[number]}
        may = {line for number in self.forgotten for line in self.batches[number]}
        must |= {self.given[refused] for told in self.forgotten.values() for refused in told}
        coming = dict.fromkeys(may, False) | dict.fromkeys(must, True)
        following = Life(
            epoch, given=self.given, numbers=self.numbers, missing=self.missing, coming=coming, before=self
        )
        self.given, self.numbers, self.missing = {}, {}, {}
        return following


@dataclass
class Book:
    """One agent's ledger."""

    entries: dict[tuple[str, float], Entry] = field(default_factory=dict)
    waiting: list[Entry] = field(default_factory=list)
    """Put in, and not committed yet."""
    lives: dict[str, Life] = field(default_factory=dict)


def rows_of(lines: Iterable[bytes]) -> list[Row]:
    """Return lines taken apart."""
    return [row(line.decode().rstrip("\n")) for line in lines]
