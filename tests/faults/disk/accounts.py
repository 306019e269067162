"""Every row that a spool hands out or the hub has, and every gap: what is missing, made up, doubled or untold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat

from telemetry.quality import Quality
from tests.faults.disk.workload import Index, Reading
from tests.support.spooling import Row

AVERAGED = 512
"""The quality bit of a mean that stands for readings which made room; it names no reading."""
UNCOMMITTED = "uncommitted"

Number = tuple[str, int]
"""Sensor and sequence number."""


@dataclass(frozen=True, slots=True)
class Told:
    """A gap reading: which numbers of a sensor are missing, and how many of them."""

    sensor: str
    cause: str
    first: int
    last: int
    count: int

    @staticmethod
    def of(row: Row) -> Told:
        """Take a gap reading apart."""
        said = row.values
        return Told(row.sensor, row.labels["cause"], int(said["first"]), int(said["last"]), int(said["count"]))

    @property
    def numbers(self) -> Iterator[Number]:
        """All numbers that it may mean."""
        return zip(repeat(self.sensor), range(self.first, self.last + 1), strict=False)


class Accounts:
    """Takes rows in and tells what does not add up."""

    def __init__(self, index: Index) -> None:
        """Judge by what was ever said."""
        self._index = index
        self._in_spool: set[Reading] = set()
        self._in_hub: set[Reading] = set()
        self._by_key: dict[object, Row] = {}
        self._keys: dict[Reading, object] = {}
        self._by_number: dict[tuple[str, Number], Row] = {}
        self.gaps: list[Told] = []
        self.false = self.doubled = self.reused = 0

    def take(self, epoch: str, rows: Iterable[Row], *, of_hub: bool = False) -> None:
        """Take in the rows of a batch that the spool hands out, or that the hub has stored."""
        for row in rows:
            is_new = self._take_number(epoch, row)
            if row.family == "gap":
                self.gaps += [Told.of(row)] * is_new
            elif int(row.quality) & AVERAGED:
                self.false += not self._index.is_mean(row)
            else:
                self._take_reading(row, self._in_hub if of_hub else self._in_spool)

    def _take_number(self, epoch: str, row: Row) -> bool:
        """Note a row's number and database key, neither of which may stand for two rows; tell if it is new."""
        key = (row.family, row.sensor, *sorted(row.labels.items()), row.milliseconds, row.below)
        is_new = key not in self._by_key
        self.reused += self._by_key.setdefault(key, row) != row
        self.reused += self._by_number.setdefault((epoch, (row.sensor, row.seq)), row) != row
        return is_new

    def _take_reading(self, row: Row, where: set[Reading]) -> None:
        reading = self._index.find(row)
        if reading is None or not _is_then(row, reading):
            self.false += 1
            return
        key = (row.milliseconds, row.below)
        self.doubled += self._keys.setdefault(reading, key) != key
        where.add(reading)

    def has(self, reading: Reading) -> bool:
        """Tell whether a reading is in the spool or with the hub."""
        return reading in self._in_spool or reading in self._in_hub

    def told(self) -> set[Number]:
        """Return all numbers that gaps tell."""
        return {number for gap in self.gaps for number in gap.numbers}

    def dropped_unnumbered(self) -> Counter[str]:
        """Return how many readings of each sensor gaps say to be dropped before they had a number."""
        dropped: Counter[str] = Counter()
        for gap in self.gaps:
            dropped[gap.sensor] += gap.count * (gap.cause == UNCOMMITTED)
        return dropped

    def holes(self, told: set[Number]) -> tuple[int, int]:
        """Return how many numbers are neither in a row nor told, and how many more are told missing than are."""
        seen: dict[str, set[int]] = defaultdict(set)
        for _, (sensor, seq) in self._by_number:
            seen[sensor].add(seq)
        counts: Counter[str] = Counter()
        for gap in self.gaps:
            counts[gap.sensor] += gap.count
        missing = {sensor: set(range(max(seqs))) - seqs for sensor, seqs in seen.items()}
        untold = sum((sensor, seq) not in told for sensor, seqs in missing.items() for seq in seqs)
        return untold, sum(max(0, counts[sensor] - len(seqs)) for sensor, seqs in missing.items())


def _is_then(row: Row, reading: Reading) -> bool:
    """Tell whether a row has its reading's time, as far as it claims to know it."""
    return row.milliseconds == reading.milliseconds or bool(row.quality & Quality.TIME_ESTIMATED)
