"""R21: the database answers 429, 500, 503, 401, 403, 404, 413, or hangs up."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults.bed import ACK, Bed, Setup, bed
from tests.faults.case import Case
from tests.faults.gate import Gate, Trouble
from tests.faults.result import Result

_RETRY_AFTER = 5
_HOLDS = (401, 403, 404)
_PASSING = (500, 503, 0)


def _answers(folder: Path, trials: int) -> Result:
    result = Result(trials=0)
    with Gate(0) as gate, bed(folder, Setup(store_url=gate.url), first=False) as b:
        gate.target = b.influx.port
        b.wait_for_first()
        result.recovery = [
            *[_passing(b, gate, status) for status in _PASSING[-2 * trials :] for _ in range(trials)],
            *[_obeyed(b, gate, result) for _ in range(trials)],
            *[_held(b, gate, status, result) for status in _HOLDS[: 3 if trials > 1 else 1]],
        ]
        result.notes.append(_split(b, gate, result))
        b.drain()
        result.trials = len(result.recovery) + 1
        return b.judged(result)


def _passing(b: Bed, gate: Gate, status: int) -> float:
    """Fail some writes, and time the recovery from the last failure."""
    gate.script.extend([Trouble(status)] * 2)
    b.wait(lambda: not gate.script, f"writes that are answered {status}")
    return b.after(ACK, time.monotonic())


def _obeyed(b: Bed, gate: Gate, result: Result) -> float:
    """Retry-After is obeyed: no write comes earlier."""
    gate.script.append(Trouble(429, headers={"Retry-After": str(_RETRY_AFTER)}))
    b.wait(lambda: not gate.script, "a write that is answered 429")
    refused = b.wait(lambda: next((w for w in reversed(gate.writes) if w.status == 429), None), "that answer")
    later = b.wait(lambda: next((w for w in gate.writes if w.at > refused.at), None), "the next write")
    waited = later.at - refused.at
    result.demand(waited >= _RETRY_AFTER - 0.1, f"Retry-After {_RETRY_AFTER} s, the hub came back after {waited:.1f} s")
    result.notes.append(f"after 429 with Retry-After {_RETRY_AFTER} the hub waited {waited:.1f} s")
    return b.after(ACK, refused.at)


def _held(b: Bed, gate: Gate, status: int, result: Result) -> float:
    """A mistake in the settings is nothing to drop readings for: hold, and call a person."""
    gate.always = Trouble(status)
    alarm = b.wait(lambda: str(status) in b.hub_says()["alarm"] and b.hub_says()["alarm"], f"an alarm for {status}")
    b.run_for(3)
    gate.always = None
    mended = time.monotonic()
    result.notes.append(f"{status}: “{alarm.split(': ', 1)[-1][:90]}”")
    return b.after(ACK, mended)


def _split(b: Bed, gate: Gate, result: Result) -> str:
    """Writes that are too large are split until they fit."""
    gate.most_lines = 4
    begun = time.monotonic()
    b.run_for(6)
    gate.most_lines = 0
    split = [w for w in gate.writes if w.at > begun]
    result.demand(any(w.status == 413 for w in split), "nothing was too large")
    result.demand(any(w.status == 204 for w in split), "nothing was split until it fitted")
    return f"413 split into {sum(w.status == 204 for w in split)} writes of at most 4 lines"


CASES = (Case("R21", "answers 500, 503, reset, 429 with Retry-After, 401, 403, 404, 413", _answers, 2, 1),)
