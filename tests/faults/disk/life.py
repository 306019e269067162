"""A process that lives a spool's whole life and says what is true of it, each line only once it is.

    python -m tests.faults.disk.life PATH [--steps N] [--first N] [--quota BYTES] [--frames N] [--silent]
        [--unclosed] [--heeded] [--broken NAME]

Undated readings come first, then dated ones whose batches the hub takes, then the hub is silent until the quota drops
batches; in between the spool is closed and opened again, at the end all is taken and the spool closed. In a silent life
the hub takes nothing, and an unclosed one ends as if killed. A heeded life
goes on after each line only when it is told to, by a byte.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import math
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_agent.delivery import takeover
from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolUnwritable
from tests.faults.disk import broken
from tests.faults.disk.ledger import rows_of
from tests.faults.disk.workload import step
from tests.support.spooling import BOOT, PLACE, STAMP

STEPS = 40
QUOTA = 24_000
_UNDATED = 2
_IN_FLIGHT = 3
_TRIES = 5
_PORTION = 5
"""Batches that come over at once: several portions, and, without a clock, the same calls in each life."""

_HEEDED = "--heeded"


@dataclass(frozen=True, slots=True)
class Act:
    """One second of the life: what is committed, and what the hub does after it."""

    step: int
    dated: bool
    hub_listens: bool
    reopened: bool


def acts(first: int, steps: int) -> Iterator[Act]:
    """Yield the life's seconds."""
    middle = steps // 3
    for second in range(steps):
        dated = second >= _UNDATED and not middle <= second < middle + _UNDATED
        yield Act(first + second, dated, second < middle + _UNDATED, second in (middle, 2 * middle))


def tell(say: str, **facts: object) -> None:
    """Say a line at once, whatever happens next."""
    os.write(1, json.dumps({"say": say, **facts}).encode() + b"\n")
    if _HEEDED in sys.argv:
        os.read(0, 1)


class Life:
    """A spool and what its owner knows of it."""

    def __init__(self, path: Path, quota: int) -> None:
        self._path, self._quota = path, quota
        self._newest = 0
        self._heard = 0
        self._spool = self._open()

    def _open(self) -> Spool:
        """Open it, again as long as the disk refuses that."""
        for _ in range(_TRIES):
            try:
                spool = Spool(self._path, PLACE, quota=self._quota, boot=BOOT, batch_readings=1000)
            except SpoolUnwritable as error:
                tell("refused", why=str(error))
                continue
            tell("opened", epoch=spool.epoch, damaged=str(spool.damaged or ""))
            return spool
        raise SystemExit("the spool does not open")

    def live(self, first: int, steps: int, *, silent: bool, unclosed: bool) -> None:
        """Live it from the first second to the last."""
        for act in acts(first, steps):
            if act.reopened:
                self._close()
                self._spool = self._open()
            self._commit(act)
            if act.hub_listens and not silent:
                self._hear(_IN_FLIGHT)
        if not silent:
            self._hear(0)
            self._commit(Act(first + steps, dated=True, hub_listens=True, reopened=False))
        if unclosed:
            os._exit(0)
        self._close()

    def _close(self) -> None:
        tell("closing")
        self._spool.close()
        tell("closed")

    def _commit(self, act: Act) -> None:
        """Commit one second's readings, again as long as the disk refuses them."""
        for _ in range(_TRIES):
            tell("trying", step=act.step)
            try:
                self._spool.commit([r.taken for r in step(act.step)], STAMP if act.dated else None)
            except SpoolUnwritable as error:
                tell("refused", why=str(error))
                continue
            tell("committed", step=act.step, batches=self._made(), waiting=self._spool.after(0, limit=10**6))
            with contextlib.suppress(SpoolUnwritable):
                self._spool.take_over()
            if made := self._made():
                tell("came over", batches=made)
            return

    def _made(self) -> dict[int, str]:
        """Return the documents of the batches that the last commit made; to look at them is not to send them."""
        made = {n: self._spool.payload(n) for n in self._spool.after(self._newest, limit=10**6)}
        self._spool._lent.difference_update(made)
        self._newest = max(made, default=self._newest)
        return {n: base64.b64encode(payload).decode() for n, payload in made.items() if payload is not None}

    def _hear(self, in_flight: int) -> None:
        """Take the hub's word for all but the newest batches; of every third it refuses a line."""
        waiting = self._spool.after(0, limit=10**6)
        for number in waiting[: max(0, len(waiting) - in_flight)]:
            payload = self._spool.payload(number)
            if payload is None:
                continue
            refused = rows_of(payload)[: number % 3 == 0]
            tell("heard", number=number, dead=len(refused))
            self._spool.forget(number, [Gap(r.sensor, Cause.REFUSED, r.seq, r.seq, 1) for r in refused])


def main() -> None:
    """Live a life as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--unclosed", action="store_true")
    parser.add_argument(_HEEDED, action="store_true")
    parser.add_argument("--quota", type=int, default=QUOTA)
    parser.add_argument("--frames", type=int, default=0, help="journal frames after which a checkpoint is made")
    parser.add_argument("--broken", default="")
    said = parser.parse_args()
    takeover._PORTION, takeover._READING_SECONDS = _PORTION, math.inf
    with broken.spool(said.broken), broken.checkpoints_after(said.frames):
        Life(said.path, said.quota).live(said.first, said.steps, silent=said.silent, unclosed=said.unclosed)


if __name__ == "__main__":
    main()
