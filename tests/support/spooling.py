"""Readings to commit, spools to commit them to, and what their batches say, for tests."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge_agent.clock import Stamp
from edge_agent.delivery import batch_table
from edge_agent.delivery.facts import Facts
from edge_agent.delivery.room import Policy
from edge_agent.delivery.spool import Spool
from edge_agent.taken import Taken
from telemetry import batch as batches
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement, Place

PLACE = Place("simpang-empat", "se-1")
BOOT = "11111111-1111-1111-1111-111111111111"
STAMP = Stamp(wall_ms=1_770_000_000_000, monotonic_ns=5_000_000_000_000)
PLENTY = 10**9

_LINE = re.compile(
    r"(?P<family>[a-z]+),site=(?P<site>[^,]+),agent=(?P<agent>[^,]+),sensor=(?P<sensor>[^, ]+)(?P<labels>[^ ]*) "
    r"(?P<fields>[^ ]+),quality=(?P<quality>\d+)i,seq=(?P<seq>\d+)i (?P<time>\d{19})"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line, taken apart without the code under test."""

    family: str
    sensor: str
    labels: Mapping[str, str]
    values: Mapping[str, float]
    quality: Quality
    seq: int
    milliseconds: int
    below: int
    """The six digits below the millisecond."""


def row(line: str) -> Row:
    """Return what a line says."""
    said = _LINE.fullmatch(line)
    assert said is not None, line
    labels = dict(part.split("=") for part in said["labels"].split(",") if part)
    values = {name: float(value.removesuffix("i")) for name, value in _pairs(said["fields"])}
    milliseconds, below = divmod(int(said["time"]), 10**6)
    quality = Quality(int(said["quality"]))
    return Row(said["family"], said["sensor"], labels, values, quality, int(said["seq"]), milliseconds, below)


def _pairs(fields: str) -> Iterable[tuple[str, str]]:
    for field in fields.split(","):
        name, _, value = field.partition("=")
        yield name, value


def taken(value: float = 12.5, sensor: str = "dust", *, at: int = STAMP.monotonic_ns) -> Taken:
    """Return a dust reading."""
    return Taken(sensor, Measurement(Family.AIR, {"pm2_5": value}), at)


def opened(
    path: Path,
    *,
    quota: int = PLENTY,
    boot: str = BOOT,
    place: Place = PLACE,
    batch_readings: int = 1000,
    policy: Policy | None = None,
    takes_over: bool = True,
) -> Spool:
    """Open a spool, and let everything of a damaged one come over."""
    spool = Spool(path, place, quota=quota, boot=boot, batch_readings=batch_readings, policy=policy)
    try:
        while takes_over and spool.take_over():
            pass
    except BaseException:
        spool._file.close()
        raise
    return spool


opening = partial(opened, takes_over=False)
"""Opens a spool, and lets nothing of a damaged one come over yet."""


def killed(path: Path, to: Path) -> Path:
    """Copy a spool's files as they lie there, as if its process ended now, and return where they are."""
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{to}{suffix}")
    return to


def rot(path: Path) -> bool:
    """Flip a bit of what the file says of its epoch, and of nothing else; return whether it said anything."""
    with closing(sqlite3.Connection(path)) as db, db, suppress(sqlite3.OperationalError):
        return db.execute("UPDATE meta SET crc = crc + 1 WHERE key = 'epoch'").rowcount == 1
    return False


def next_seq(spool: Spool, sensor: str) -> int:
    """Return a sensor's next number as the newest row says it."""
    row = batch_table.newest(spool._file.db)
    said = Facts.decode(row.facts) if row is not None else None
    assert said is not None
    return said.next_seq[sensor]


def rows_of(payload: bytes | None) -> list[Row]:
    """Return the rows in a batch's document."""
    assert payload is not None
    return [row(line) for line in batches.decode(payload).body.decode().splitlines()]


def rows_in(spool: Spool, number: int) -> list[Row]:
    """Return the rows of a batch in the spool."""
    return rows_of(spool.payload(number))


def all_rows(spool: Spool) -> list[Row]:
    """Return every row that waits in the spool."""
    return [r for number in spool.after(0, limit=10**6) for r in rows_in(spool, number)]


def accounted(rows: Iterable[Row]) -> Counter[str]:
    """Return for each sensor how many sequence numbers its rows and gap readings account for."""
    told: Counter[str] = Counter()
    for r in rows:
        told[r.sensor] += 1
        if r.family == "gap":
            told[r.sensor] += int(r.values["count"])
    return told
