"""Two faults at once: the broker dies while the hub is away, the hub dies while the database is down."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.bed import ACK, Bed, bed
from tests.faults.case import Case, Run
from tests.faults.result import Result

AWAY = 5.0
"""Seconds that the first part is away when the second dies."""


def broker_while_hub_is_away(b: Bed) -> float:
    b.hub.kill()
    b.run_for(AWAY)
    b.broker.kill()
    b.broker.start()
    b.hub.start()
    return b.after(ACK, b.hub.started_at)


def hub_while_database_is_down(b: Bed) -> float:
    b.influx.kill()
    b.run_for(AWAY)
    b.hub.kill()
    b.hub.start()
    begun = time.monotonic()
    b.influx.start()
    return b.after(ACK, begun)


def _doubly(fault: Callable[[Bed], float]) -> Run:
    def run(folder: Path, trials: int) -> Result:
        recovery: list[float] = []
        with bed(folder) as b:
            for _ in range(trials):
                b.run_for(b.random.uniform(0.5, 2.0))
                recovery.append(fault(b))
            b.run_for(1.0)
            b.drain()
            return b.judged(Result(trials=trials, recovery=recovery))

    return run


CASES = (
    Case("R10+R17", "broker kill -9 while the hub is away", _doubly(broker_while_hub_is_away), 5),
    Case("R17+R19", "hub kill -9 while the database is down", _doubly(hub_while_database_is_down), 5),
)
