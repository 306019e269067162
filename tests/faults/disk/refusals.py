"""R06, refusals: a disk that fails, is full or slow at the k-th call; a commit raises, or what it says is there."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.faults.disk import broken, ledger, ramdisk, strace
from tests.faults.disk.kills import LIFE, points
from tests.faults.disk.row import Row
from tests.faults.disk.verdict import judge
from tests.faults.disk.workload import AFTER_KILL

_FAULTS = (("fdatasync", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("ftruncate", "EIO"), ("unlink", "EIO"))
_BURST = 3
_SLOW = 15


def refuse(row: Row, call: str, error: str, when: str, *, name: str = "") -> int:
    """Live a life in which a call fails, count in what its spool is worth then, and return how often it refused."""
    fault = f"{call}:error={error}:when={when}"
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
        path = Path(folder) / "spool"
        life = [*LIFE, "--broken", name] if name else LIFE
        ran = strace.run(path, life, inject=[fault], only=strace.files(path))
        said = ledger.read(ran.said)
        with broken.spool(name):
            verdict = judge(path, said, AFTER_KILL)
    if ran.status:
        verdict.stopped = f"the life ended with {ran.status}: {ran.errors.strip().splitlines()[-1:]}"
    verdict.set_aside = verdict.set_aside or said.damaged
    row.take(fault, verdict)
    return said.refused


def rows(*, short: bool) -> Iterator[Row]:
    """Yield what refusals found."""
    if why := strace.missing():
        yield Row("R06 refusals", skipped=why)
        return
    counts = {point.call: point.number for point in points(LIFE)}
    for call, error in _FAULTS:
        last = counts.get(call, 0)
        step = max(1, last * 2 // 3 if short else last // 40)
        row = Row(f"R06 {error} at a {call}")
        refused = sum(refuse(row, call, error, str(k)) for k in range(step, last, step))
        if not short:
            burst = range(2, last, max(1, last // 10))
            refused += sum(refuse(row, call, error, f"{k}..{k + _BURST}") for k in burst)
        row.notes.append(f"{refused} commits or openings refused")
        yield row
    if not short:
        yield _slow()


def _slow() -> Row:
    """Return what a sync of two seconds does."""
    row = Row("R06 a sync takes 2 s")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
        path = Path(folder) / "spool"
        fault = f"fdatasync:delay_enter=2000000:when={_SLOW}"
        ran = strace.run(path, LIFE, inject=[fault], only=strace.files(path))
        said = ledger.read(ran.said)
        row.take(fault, judge(path, said, AFTER_KILL))
    row.notes.append(f"the life took {time.monotonic() - began:.1f} s and was refused {said.refused} times")
    return row
