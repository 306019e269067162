"""Opens what a fault left with the real spool, and lets it go on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolDamaged
from tests.faults.disk.workload import Sequel, step
from tests.support.spooling import PLACE, PLENTY

_STARTS = 3


@dataclass(slots=True)
class Found:
    """What a spool hands out after a fault."""

    epoch: str = ""
    payloads: dict[int, bytes] = field(default_factory=dict)
    later: set[int] = field(default_factory=set)
    """Numbers of the batches that were made after the fault."""
    set_aside: bool = False
    stopped: str = ""
    """Why the spool does not open, or does not go on."""
    committed: set[int] = field(default_factory=set)
    """Steps whose commit has returned; a second start has none of their readings in hand any more."""
    seconds: float = 0.0
    """From opening until the first commit has returned."""


def goes_on(path: Path, sequel: Sequel) -> Found:
    """Open, commit and read all, then open and read again; where damage shows late, start again as systemd would."""
    found = Found()
    for _ in range(_STARTS):
        try:
            _commit_and_read(path, sequel, found)
            again = _look(path, sequel.boot)
        except Exception as error:  # noqa: BLE001 - whatever a spool raises here is a finding
            found.stopped = found.stopped or f"{type(error).__name__}: {error}"
            continue
        found.stopped = "" if again == found.payloads else "a second opening hands out something else"
        break
    return found


def _opened(path: Path, boot: str) -> Spool:
    """Open a spool that has room for everything."""
    return Spool(path, PLACE, quota=PLENTY, boot=boot, batch_readings=1000)


def _commit_and_read(path: Path, sequel: Sequel, found: Found) -> None:
    """Commit a second's readings, and again until nothing waits undated and no damaged batch waits to be told."""
    began = time.perf_counter()
    spool = _opened(path, sequel.boot)
    try:
        found.epoch, found.set_aside = spool.epoch, found.set_aside or spool.damaged is not None
        before = set(spool.after(0, limit=10**6))
        for number in sequel.steps:
            fresh = [] if number in found.committed else step(number)
            spool.commit([r.taken for r in fresh], sequel.stamp)
            found.committed.add(number)
            found.seconds = found.seconds or time.perf_counter() - began
            is_whole = not spool.take_over()
            if _read_all(spool, found) and is_whole and not spool.held.undated:
                break
        found.later = found.payloads.keys() - before
    finally:
        spool.close()


def _read_all(spool: Spool, found: Found) -> bool:
    """Read every batch; return whether all could be read."""
    payloads = {number: spool.payload(number) for number in spool.after(0, limit=10**6)}
    found.payloads = {number: payload for number, payload in payloads.items() if payload is not None}
    return None not in payloads.values()


def _look(path: Path, boot: str) -> dict[int, bytes]:
    """Return what a second opening hands out; raises SpoolDamaged where damage shows only now."""
    spool = _opened(path, boot)
    try:
        if spool.damaged is not None:
            raise SpoolDamaged("the second opening found damage that the first had not")
        payloads = {number: spool.payload(number) for number in spool.after(0, limit=10**6)}
        return {number: payload for number, payload in payloads.items() if payload is not None}
    finally:
        spool.close()
