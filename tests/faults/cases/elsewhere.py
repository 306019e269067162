"""Faults of the list that this harness does not inject, each with the cause: silence would read as success."""

from __future__ import annotations

from pathlib import Path

from tests.faults.case import Case, NotRun, Run
from tests.faults.result import Result

_DISK = "see tests/faults/disk: every durability system call, power cuts, bit flips, refused and slow writes"


def _not_run(why: str) -> Run:
    def run(_: Path, __: int) -> Result:
        raise NotRun(why)

    return run


_WHY = {
    "R02": ("agent killed at every durability system call", _DISK),
    "R03": ("power cut of the spool", _DISK),
    "R04": ("bit rot in the spool", _DISK),
    "R06": ("EIO and slow fsync", _DISK),
    "R30": ("driver hangs, value stuck or implausible", "drivers belong to another issue"),
    "R31": ("camera dies, stalls, refuses", "cameras belong to another issue"),
    "R32": ("camera frozen, black, truncated, a bomb", "cameras belong to another issue"),
    "R34": ("weeks of running", "six hours at a hundredfold speed do not fit into this run"),
    "R36": ("deterministic simulation", "see tests/simulated"),
}

CASES = tuple(Case(name, title, _not_run(why)) for name, (title, why) in _WHY.items())
