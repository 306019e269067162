"""R19, R20: the database is down for a while, frozen, slow, or its answer is lost after the write was done."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.faults.bed import ACK, Bed, Setup, bed
from tests.faults.case import Case
from tests.faults.result import Result

_MEGABYTE = 1e6
_HUB_BOUND = 300.0


def _down(folder: Path, trials: int) -> Result:
    """The hub must not hoard: what it cannot write waits on the agent."""
    with bed(folder) as b:
        b.run_for(2)
        before = b.hub.rss()
        b.influx.kill()
        b.run_for(15.0 * trials)
        grown, waits = (b.hub.rss() - before) / _MEGABYTE, b.waiting()
        begun = time.monotonic()
        b.influx.start()
        result = Result(trials=1, recovery=[b.after(ACK, begun)])
        b.drain()
        result.notes.append(f"down {15 * trials} s; hub grew {grown:.1f} MB; {waits} readings waited on the agent")
        result.demand(waits > 0, "nothing waited on the agent")
        result.demand(b.hub.peak_rss / _MEGABYTE < _HUB_BOUND, f"I6 hub RSS {b.hub.peak_rss / _MEGABYTE:.0f} MB")
        return b.judged(result)


def _frozen(folder: Path, trials: int) -> Result:
    """SIGSTOP, then +5 s on the way, then answers that get lost after the write is done."""
    recovery: list[float] = []
    with bed(folder, Setup(proxies=frozenset({"store"}))) as b:
        assert b.influx.process is not None
        for _ in range(trials):
            b.influx.process.send_signal(signal.SIGSTOP)
            b.run_for(35)
            b.influx.process.send_signal(signal.SIGCONT)
            recovery.append(b.after(ACK, time.monotonic()))
        b.proxy["store"].link.delay = 5
        b.run_for(20)
        b.proxy["store"].link.delay = 0
        recovery.append(_answers_lost(b, 10))
        b.drain()
        return b.judged(Result(trials=trials + 2, recovery=recovery))


def _answers_lost(b: Bed, seconds: float) -> float:
    b.proxy["store"].link.swallow_down = True
    b.run_for(seconds)
    b.proxy["store"].link.swallow_down = False
    return b.after(ACK, time.monotonic())


def _lost_answers(folder: Path, trials: int) -> Result:
    with bed(folder, Setup(proxies=frozenset({"store"}))) as b:
        recovery = [_answers_lost(b, b.random.uniform(2, 5)) for _ in range(trials)]
        b.drain()
        return b.judged(Result(trials=trials, recovery=recovery))


CASES = (
    Case("R19", "database down; the backlog stays on the agent", _down, 4),
    Case("R19-2h", "database down for two hours", _down, 480, is_long=True),
    Case("R20", "database frozen 35 s, then 5 s slow, then answers lost after the write", _frozen, 1),
    Case("R20-answers", "answers of the database lost after the write is done", _lost_answers, 8, 2),
)
