"""What a life said of itself until some moment: the oracle, outside the spool."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from telemetry import batch
from tests.faults.disk.workload import AFTER_CUT, AFTER_KILL, Index, Reading, step
from tests.support.spooling import Row, row


@dataclass(frozen=True, slots=True)
class Kept:
    """A batch as it was when its commit had returned."""

    number: int
    payload: bytes
    rows: tuple[Row, ...]

    @staticmethod
    def of(number: int, payload: bytes) -> Kept:
        """Take a payload apart."""
        return Kept(number, payload, rows_of(payload))


def rows_of(payload: bytes) -> tuple[Row, ...]:
    """Return a document's rows."""
    return tuple(row(line) for line in batch.decode(payload).body.decode().splitlines())


@dataclass(slots=True)
class Ledger:
    """What was said until a moment."""

    epoch: str = ""
    made: dict[int, Kept] = field(default_factory=dict)
    """Every batch whose commit returned."""
    heard: dict[int, int] = field(default_factory=dict)
    """Batches that the hub has, and how many of their first lines it refused."""
    epochs: dict[int, str] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    """Batches that the quota took, as seen after the commit that did it."""
    committed: list[int] = field(default_factory=list)
    """Steps whose commit returned."""
    index: Index = field(default_factory=lambda: Index([*AFTER_KILL.steps, *AFTER_CUT.steps]))
    """Every reading that was ever tried."""
    numbers: dict[Reading, tuple[str, int]] = field(default_factory=dict)
    """Sensor and sequence number of every reading in a batch."""
    refused: int = 0
    closed: bool = False
    damaged: bool = False

    @property
    def readings(self) -> list[Reading]:
        """Every reading whose commit returned."""
        return [r for number in self.committed for r in step(number)]

    @property
    def due(self) -> dict[int, Kept]:
        """The batches that must be there."""
        return {n: kept for n, kept in self.made.items() if n not in self.heard and n not in self.dropped}

    def take_line(self, line: str | bytes) -> None:
        """Take in one line as it was said."""
        self.take(json.loads(line))

    def take(self, said: dict[str, Any]) -> None:
        """Take in what one line says."""
        match said["say"]:
            case "opened":
                self.damaged = self.damaged or bool(said["damaged"]) or self.epoch not in ("", said["epoch"])
                self.epoch, self.closed = said["epoch"], False
            case "trying":
                self.index.add(said["step"])
            case "refused":
                self.refused += 1
            case "committed":
                self._commit(said)
            case "came over":
                self._note(said["batches"])
            case "heard":
                self.heard[said["number"]] = said["dead"]
            case "closed":
                self.closed = True

    def _commit(self, said: dict[str, Any]) -> None:
        self.committed.append(said["step"])
        self._note(said["batches"])
        self.dropped |= self.made.keys() - self.heard.keys() - set(said["waiting"])

    def _note(self, batches: dict[str, str]) -> None:
        for number, payload in batches.items():
            self.made[int(number)] = _kept(int(number), payload)
            self.epochs[int(number)] = self.epoch
            self._number(self.made[int(number)].rows)

    def _number(self, rows: Iterable[Row]) -> None:
        found = ((self.index.find(row), row) for row in rows)
        self.numbers.update({reading: (row.sensor, row.seq) for reading, row in found if reading is not None})


_KEPT: dict[tuple[int, str], Kept] = {}


def _kept(number: int, payload: str) -> Kept:
    """Return a batch, taken apart once however often a ledger is read anew."""
    if (number, payload) not in _KEPT:
        _KEPT[number, payload] = Kept.of(number, base64.b64decode(payload))
    return _KEPT[number, payload]


def read(lines: Iterable[str | bytes]) -> Ledger:
    """Return what some lines say; a last one that was cut short by a kill was not said."""
    ledger = Ledger()
    for line in lines:
        if line.strip():
            ledger.take_line(line)
    return ledger
