"""Looks into a spool without changing it, also while an agent works with it."""

from __future__ import annotations

import fcntl
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from edge_agent.delivery import batch_table, gaps, spool_file, undated
from edge_agent.delivery.batch_table import Level, Row
from edge_agent.delivery.facts import Facts
from edge_agent.delivery.gaps import Cause
from edge_agent.delivery.spool_file import Untold
from edge_agent.delivery.thinning import thinned
from edge_agent.errors import SpoolDamaged, SpoolUnwritable
from telemetry import batch as batches
from telemetry.batch import Batch
from telemetry.errors import BadBatch
from telemetry.line import format_line
from telemetry.reading import Place, Reading

_SAMPLE_ROWS = 300
_LEAST_SECONDS = 10.0
_ANYWHERE = Place("x", "x")


@dataclass(frozen=True, slots=True)
class Rate:
    """What is committed at present: bytes of the quota a second, and the share of them that one-minute means take."""

    readings: float
    bytes: float
    thinned_share: float


class Inspection:
    """A spool opened for reading; raises SpoolUnwritable or SpoolDamaged where it cannot be read."""

    def __init__(self, path: Path) -> None:
        """Open the file; nothing is created."""
        self._path = path
        try:
            self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
            self._db.execute("BEGIN")
            self._newest = batch_table.newest(self._db)
        except sqlite3.Error as error:
            if spool_file.is_refusal(error):
                raise SpoolUnwritable(f"spool {path} cannot be read: {error}") from error
            raise SpoolDamaged(f"spool {path} is damaged: {error}; the agent takes over what is intact") from error

    def __enter__(self) -> Self:
        """Do nothing: it is open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._db.close()

    def is_held(self) -> bool:
        """Tell whether a running agent holds the spool."""
        try:
            with self._path.with_name(self._path.name + ".lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def identity(self) -> dict[str, str]:
        """Return version, epoch and place."""
        return {key: spool_file.noted(self._db, key) or "" for key in ("place", "epoch", "version")}

    def levels(self) -> dict[Level, tuple[int, int, int]]:
        """Return batches, readings and bytes at each level."""
        query = "SELECT level, count(*), sum(lines), sum(size) FROM batch WHERE lines > 0 GROUP BY level ORDER BY level"
        return {Level(level): (count, lines, size) for level, count, lines, size in self._db.execute(query)}

    def undated(self) -> int:
        """Return how many readings wait for a date."""
        return undated.waiting(self._db)

    def untold(self) -> Untold:
        """Return the losses that no gap reading tells yet."""
        return spool_file.untold(self._db)

    def rows(self) -> Iterator[Row]:
        """Yield every batch, oldest first."""
        query = "SELECT * FROM batch WHERE lines > 0 ORDER BY number"
        return (Row(*row) for row in self._db.execute(query))

    def faults(self) -> Iterator[str]:
        """Yield what is damaged; the caller may count the yields of `rows` beside it."""
        for (said,) in self._db.execute("PRAGMA integrity_check"):
            if said != "ok":
                yield str(said)

    def span(self) -> tuple[int, int] | None:
        """Return the milliseconds of the oldest batch's first reading and of the newest batch's last, None if empty."""
        edges = "SELECT min(number), max(number) FROM batch WHERE lines > 0"
        rows = (
            batch_table.get(self._db, number) for number in self._db.execute(edges).fetchone() if number is not None
        )
        times = [time for row in rows if row is not None for time in _times(lines_of(row.payload))]
        return (times[0], times[-1]) if times else None

    def rate(self) -> Rate | None:
        """Return the present rate from the newest batches, None where they are too few to tell."""
        query = "SELECT * FROM batch WHERE lines > 0 AND level = 0 ORDER BY number DESC LIMIT ?"
        rows = [Row(*row) for row in self._db.execute(query, (_SAMPLE_ROWS,))][::-1]
        lines = [[line for line in lines_of(row.payload) if not line.startswith(b"gap,")] for row in rows]
        newest = [max(_times(said)) for said in lines if said]
        seconds = (newest[-1] - newest[0]) / 1000 if newest else 0
        if seconds < _LEAST_SECONDS:
            return None
        size = sum(row.size for row in rows)
        whole = [line for said in lines for line in said]
        return Rate(len(whole) / seconds, size / seconds, min(1.0, _thinned_size(whole) / size))


def lines_of(payload: bytes) -> list[bytes]:
    """Return a batch's lines, each with its line feed; none of a damaged one."""
    try:
        return batches.decode(payload).body.splitlines(keepends=True)
    except BadBatch:
        return []


def damage(row: Row) -> str | None:
    """Return what is wrong with a batch, None if nothing is."""
    try:
        batch = batches.decode(row.payload)
    except BadBatch as error:
        return f"batch {row.number}: {error}"
    if (batch.number, batch.lines) != (row.number, row.lines):
        return f"batch {row.number}: its document says it is batch {batch.number} of {batch.lines} lines"
    return f"batch {row.number}: its facts are damaged" if Facts.decode(row.facts) is None else None


def _times(lines: Sequence[bytes]) -> list[int]:
    return [int(line.rsplit(b" ", 1)[1]) // 10**6 for line in lines]


def _thinned_size(lines: Sequence[bytes]) -> int:
    """Return what the lines take as one-minute means, with the gaps that name what they replace."""
    minutes: defaultdict[int, list[bytes]] = defaultdict(list)
    for line, time in zip(lines, _times(lines), strict=True):
        minutes[time // 60_000].append(line)
    return sum(map(_thinned_minute, minutes.values()))


def _thinned_minute(lines: Sequence[bytes]) -> int:
    left = thinned(lines)
    replaced = gaps.numbered(b"".join(left.replaced), Cause.THINNED)
    new = [*left.means, *((gap.sensor, gap.measurement(), 0) for gap in replaced)]
    made = [f"{format_line(_ANYWHERE, Reading(sensor, said, time, 0))}\n".encode() for sensor, said, time in new]
    body = b"".join([*left.kept, *made])
    return batch_table.size_of(Batch("0" * 16, 1, body.count(b"\n"), body).encode(), b"")
