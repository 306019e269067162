"""R22: the database takes some lines of a write and refuses others: a type that conflicts, a limit on tag values."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

from tests.faults.bed import ACK, Bed, Setup, bed
from tests.faults.case import Case
from tests.faults.gate import Gate
from tests.faults.result import Result
from tests.support import influx

_FOREIGN = 'health,site=elsewhere,agent=foreign,sensor=x frames="many" {time}\n'
_MOST_NAMES = 4


def _conflict(folder: Path, trials: int) -> Result:
    """A foreign row gave a field another type: every line with it is refused, kept with its reason, and told."""
    result = Result()
    with Gate(0) as gate, bed(folder, Setup(store_url=gate.url, health_seconds=1), first=False) as b:
        gate.target = b.influx.port
        influx.create_database(b.influx)
        influx.write(b.influx, _FOREIGN.format(time=time.time_ns()).encode())
        b.wait_for_first()
        b.run_for(10.0 * trials)
        b.station.hush()
        b.run_for(5)
        b.judged(result)
        letters = _letters(folder)
    tries = _tries_per_bad_line(gate)
    result.trials = len(letters)
    result.demand(letters, "nothing was refused")
    result.demand(all("conflict" in why for why in letters.values()), "a dead letter does not say why")
    result.notes.append(f"{len(letters)} lines of health refused for their type, {tries:.1f} writes for each")
    result.demand(tries <= math.log2(1000) + 2, f"{tries:.1f} writes for each refused line")
    told = sum(gap.count for gap in b.last_found.gaps if gap.cause == "refused")
    result.demand(0 < told <= len(letters), f"I5 gaps tell {told} refused, {len(letters)} letters are kept")
    return result


def _letters(folder: Path) -> dict[str, str]:
    """Return the reason of every line that is a dead letter."""
    file = folder / "dead-letter-hub.jsonl"
    letters = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
    return {letter["text"]: letter["why"] for letter in letters}


def _tries_per_bad_line(gate: Gate) -> float:
    """Return how many writes the database refused in part for each line that was refused alone."""
    alone = sum(w.status == 400 and w.lines == 1 for w in gate.writes)
    return sum(w.status == 400 for w in gate.writes) / max(alone, 1)


def _tag_limit(folder: Path, trials: int) -> Result:
    """A limit is the operator's to lift: alarm, hold, nothing dropped. Only the index in memory has such a limit."""
    made = Bed(folder, Setup(resend_seconds=1))
    config = folder / "influxdb" / "influxdb.toml"
    unlimited = config.read_text().replace('"tsi1"', '"inmem"')
    config.write_text(unlimited.replace("[data]", f"[data]\nmax-values-per-tag = {_MOST_NAMES}"))
    _full_of_names(made)
    with made as b:
        alarm = b.wait(lambda: "limit" in b.hub_says().get("alarm", "") and b.hub_says()["alarm"], "an alarm", 60)
        b.run_for(5.0)
        waits = b.waiting()
        b.influx.kill()
        config.write_text(unlimited)
        lifted = time.monotonic()
        b.influx.start()
        result = Result(trials=trials, recovery=[b.after(ACK, lifted)])
        b.drain()
        result.notes.append(f"limit on names used up by others: {waits} waited; alarm “{alarm[:110]}”")
        result.demand(waits > 0, "nothing waited")
        return b.judged(result)


def _full_of_names(made: Bed) -> None:
    """Have others use up the limit; a write whose names are all new at once would pass it."""
    made.influx.start()
    influx.create_database(made.influx)
    for n in range(_MOST_NAMES):
        influx.write(made.influx, f"air,site=elsewhere,agent=foreign,sensor=x-{n} pm2_5=1 {time.time_ns()}\n".encode())
    made.influx.stop()


def _partial(folder: Path, trials: int) -> Result:
    conflict = _conflict(folder / "conflict", trials)
    return conflict.plus(_tag_limit(folder / "limit", 1), "type conflict, then a limit on tag values")


CASES = (Case("R22", "partial writes: foreign type, limit on tag values", _partial, 3, 1),)
