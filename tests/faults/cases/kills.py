"""R01, R10, R17, R24: each part is killed at random moments, again and again, while readings flow."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.bed import ACK, BATCH, Bed, Setup, bed
from tests.faults.case import Case
from tests.faults.result import Result

_LONGEST_RUN = 2.0
_RECOVERY_TARGET = 3.0


def _kill_agent(b: Bed) -> float:
    with b.station.death():
        b.agent.kill()
    b.agent.start()
    return b.after(BATCH, b.agent.started_at)


def _kill_hub(b: Bed) -> float:
    b.hub.kill()
    b.hub.start()
    return b.after(ACK, b.hub.started_at)


def _kill_broker(b: Bed) -> float:
    b.broker.kill()
    begun = time.monotonic()
    b.broker.start()
    return b.after(ACK, begun)


def _kill_database(b: Bed) -> float:
    b.influx.kill()
    begun = time.monotonic()
    b.influx.start()
    return b.after(ACK, begun)


def _killing(kill: Callable[[Bed], float], setup: Setup | None = None) -> Callable[[Path, int], Result]:
    def run(folder: Path, trials: int) -> Result:
        recovery: list[float] = []
        with bed(folder, setup) as b:
            for _ in range(trials):
                b.run_for(b.random.uniform(0.1, _LONGEST_RUN))
                recovery.append(kill(b))
            b.wait(b.station.all_listened, "an agent that listens again")
            b.run_for(1.0)
            b.drain()
            result = b.judged(Result(trials=trials, recovery=recovery))
            result.aim(max(recovery) <= _RECOVERY_TARGET, f"{max(recovery):.1f} s to recover")
            result.notes.append(f"hub RSS peak {b.hub.peak_rss / 1e6:.0f} MB")
        return result

    return run


def _broker(persistence: str) -> Setup:
    return Setup(broker=f"allow_anonymous true\n{persistence}")


def _broker_kills(folder: Path, trials: int) -> Result:
    """Half the trials with a broker that forgets, half with one that keeps what it has in a file."""
    forgets = _killing(_kill_broker)(folder / "off", trials - trials // 2)
    kept = f"persistence true\npersistence_location {folder}/kept/mosquitto/\nautosave_interval 1\n"
    keeps = _killing(_kill_broker, _broker(kept))(folder / "on", trials // 2)
    return forgets.plus(keeps, "persistence off, then on")


CASES = (
    Case("R01", "agent kill -9 at random moments; recovery: start to first batch", _killing(_kill_agent), 50, 8),
    Case("R10", "broker kill -9, persistence off and on; recovery: start to first ack", _broker_kills, 20, 4),
    Case("R17", "hub kill -9 at random moments; recovery: start to first ack", _killing(_kill_hub), 50, 8),
    Case("R24", "database kill -9 while written to; recovery: start to first ack", _killing(_kill_database), 20, 4),
)
