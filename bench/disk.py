"""Bytes that the spool writes to its disk, deletions and checkpoints included, as the kernel counts them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from bench.figure import Figure
from bench.sample import BATCH, PLACE, readings, reference_second
from edge_agent.clock import Stamp
from edge_agent.delivery.spool import Spool
from edge_agent.taken import Taken
from telemetry.reading import Reading

_SECONDS = 4_000
_FULL = 400
_PATIENCE = 10
"""Batches that wait for the hub's word."""


def measure() -> Iterator[Figure]:
    """Yield device bytes a reading, for full batches and for the reference load of 24 readings a second."""
    random = Random(1)
    reference = [reference_second(second, random) for second in range(_SECONDS)]
    made = readings(_FULL * BATCH)
    full = [made[first : first + BATCH] for first in range(0, len(made), BATCH)]
    note = f"each batch forgotten {_PATIENCE} commits later, checkpoints included"
    for commits, what in ((full, "batches of 100"), (reference, "24 readings a second, one commit a second")):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            written = _run(Path(folder), commits)
        yield Figure(f"disk, {what}", f"{written / sum(map(len, commits)):.0f} B a reading", note)


def _run(folder: Path, commits: Sequence[Sequence[Reading]]) -> int:
    spool = Spool(folder / "spool.db", PLACE, quota=2**30, boot="bench", batch_readings=BATCH)
    before = _written()
    for commit in commits:
        number = spool.commit([Taken(r.sensor, r.measurement, r.time * 10**6) for r in commit], Stamp(0, 0))
        if number is not None and number > _PATIENCE:
            spool.forget(number - _PATIENCE)
    spool.close()
    return _written() - before


def _written() -> int:
    """Return the bytes that this process has caused to be written to storage."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(next(line.split(":")[1] for line in lines if line.startswith("write_bytes")))
