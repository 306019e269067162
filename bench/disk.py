"""Bytes that the spool writes to its disk, deletions and checkpoints included, as the kernel counts them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from bench.sample import BATCH, PLACE, readings
from edge_agent.clock import Stamp
from edge_agent.delivery.spool import Spool
from edge_agent.taken import Taken

_ROWS = 100 * BATCH


def measure() -> Iterator[Figure]:
    """Yield device bytes a reading, for full batches and for one second of 24 readings."""
    for size, what in ((BATCH, "batches of 100"), (24, "24 readings a second, one commit a second")):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            written = _run(Path(folder), size)
        yield Figure(f"disk, {what}", f"{written / _ROWS:.0f} B a reading", "each batch forgotten ten commits later")


def _run(folder: Path, size: int) -> int:
    made = readings(_ROWS)
    spool = Spool(folder / "spool.db", PLACE, quota=2**30, boot="bench", batch_readings=BATCH)
    before = _written()
    for at in range(0, _ROWS, size):
        taken = [Taken(r.sensor, r.measurement, r.time * 10**6) for r in made[at : at + size]]
        number = spool.commit(taken, Stamp(0, 0))
        if number is not None and number > 10:
            spool.forget(number - 10)
    spool.close()
    return _written() - before


def _written() -> int:
    """Return the bytes that this process has caused to be written to storage."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(next(line.split(":")[1] for line in lines if line.startswith("write_bytes")))
