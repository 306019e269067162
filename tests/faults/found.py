"""What is found at the end, read without the product's counters: rows of the database, the spool, the dead letters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.station import number_of
from tests.support import influx, spooling
from tests.support.servers import Server

_FAMILIES = ("air", "health", "gap")
_HONEST = re.compile(
    r"air,site=simpang-empat,agent=se-1,sensor=(?P<sensor>dust-\d+) pm2_5=(?P<pm2_5>[\d.]+),pm10=(?P<pm10>[\d.]+),"
    r"quality=(?P<quality>\d+)i,seq=\d+i (?P<time>\d{19})"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One reading that names a number."""

    sensor: str
    number: int
    time: int
    quality: int


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap reading."""

    sensor: str
    cause: str
    first: int
    last: int
    count: int


@dataclass
class Found:
    """Everything that was found: air rows by where they are, and sequence numbers and gaps wherever they are."""

    stored: list[Row] = field(default_factory=list)
    spooled: list[Row] = field(default_factory=list)
    undated: int = 0
    waiting: int = 0
    """Lines of all families in the spool, and what waits for a date."""
    dead: list[Row] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    seqs: dict[str, set[int]] = field(default_factory=dict)
    has_seqs: bool = True

    clashes: int = 0
    """Sequence numbers that two different readings of a sensor have."""
    _times: dict[tuple[str, int], int] = field(default_factory=dict)

    def saw(self, sensor: str, seq: int, at: int) -> None:
        """Note a sequence number and the time of its reading."""
        self.seqs.setdefault(sensor, set()).add(seq)
        self.clashes += self._times.setdefault((sensor, seq), at) != at


def in_database(found: Found, server: Server, *, agent: str = "se-1", database: str = "simpang") -> None:
    """Add what the database has of an agent."""
    for family in _FAMILIES:
        statement = f"SELECT * FROM {family} WHERE agent = '{agent}' AND sensor != 'link'"
        for row in influx.query(server, statement, database):
            _take(found, found.stored, family, row)


def _take(found: Found, rows: list[Row], family: str, row: dict[str, object] | object) -> None:
    assert isinstance(row, dict)
    if row.get("seq") is not None:
        found.saw(row["sensor"], int(row["seq"]), int(row["time"]))
    if family == "air" and row.get("pm2_5") is not None and row.get("pm10") is not None:
        number = number_of(row["pm2_5"], row["pm10"])
        rows.append(Row(row["sensor"], number, int(row["time"]), int(row.get("quality") or 0)))
    if family == "gap":
        found.gaps.append(Gap(row["sensor"], row["cause"], int(row["first"]), int(row["last"]), int(row["count"])))


def in_spool(found: Found, path: Path) -> None:
    """Add what waits in the spool of an agent that has ended."""
    spool = spooling.opened(path)
    try:
        known = {(gap.sensor, gap.first, gap.last) for gap in found.gaps}
        rows = spooling.all_rows(spool)
        for row in rows:
            stamp = row.milliseconds * 10**6 + row.below
            said = {**row.values, "sensor": row.sensor, "seq": row.seq, "time": stamp, "quality": int(row.quality)}
            if row.family == "gap" and (row.sensor, row.values["first"], row.values["last"]) in known:
                continue
            _take(found, found.spooled, row.family, said | row.labels)
        found.undated = spool.held.undated
        found.waiting = len(rows) + found.undated
    finally:
        spool.close()


def in_dead_letters(found: Found, path: Path) -> None:
    """Add what the dead-letter file keeps of honest lines, each once however often it came."""
    for said in filter(None, map(_HONEST.fullmatch, set(_letters(path)))):
        number = number_of(float(said["pm2_5"]), float(said["pm10"]))
        found.dead.append(Row(said["sensor"], number, int(said["time"]), int(said["quality"])))


def _letters(path: Path) -> Iterable[str]:
    for file in (path.with_name(path.name + ".1"), path):
        if file.exists():
            yield from (json.loads(line)["text"] for line in file.read_text(errors="replace").splitlines())
