"""R26, R27: the agent's clock is set back and forward in mid-run, and a boot that does not know the time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from tests.faults.bed import ACK, Bed, Setup, bed
from tests.faults.case import Case, NotRun
from tests.faults.result import Result
from tests.faults.station import Emitted

_LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
_HOUR = 3600
_BACK, _FORWARD = -_HOUR, 50 * 60
_YEAR = 365 * 24 * _HOUR
_FIRM_SECONDS = 630.0
"""A little more than a clock must have agreed before the hub takes the agent's other times for wrong."""

_STAMP_TOLERANCE_MS = 100
_NEAR = 2.5
"""Seconds around a step in which a reading may be dated by either clock: it is dated when it is committed."""


def faked(file: Path) -> dict[str, str]:
    """Return the environment in which a file sets the wall clock and the monotonic one stays true."""
    library = next((p for p in (_LIBRARY, *Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")) if p.exists()), None)
    if library is None:
        raise NotRun("libfaketime is not installed")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


class Steps:
    """Sets the clock through the file, and remembers when to what."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self.made: list[tuple[float, int]] = [(0.0, 0)]
        file.write_text("+0")

    def to(self, seconds: int) -> None:
        """Set the clock so many seconds off the truth."""
        self.made.append((time.monotonic(), seconds))
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}")
        fresh.replace(self._file)

    def shift(self, emitted: Emitted) -> Iterable[int]:
        """Return what a reading's time may be off by."""
        now = [off for at, off in self.made if at <= emitted.at][-1]
        near = [off for at, off in self.made if abs(at - emitted.at) < _NEAR]
        before = [
            off for (_, off), (at, _) in zip(self.made, self.made[1:], strict=False) if abs(at - emitted.at) < _NEAR
        ]
        return [off * 10**9 for off in {now, *near, *before}]


def _steps(folder: Path, trials: int) -> Result:
    """Back an hour and forward fifty minutes: within what a hub believes, so every row must come and none collide."""
    steps = Steps(folder / "clock")
    with bed(folder, Setup(environment=faked(folder / "clock"))) as b:
        for turn in range(trials):
            b.run_for(5)
            steps.to((_BACK, 0, _FORWARD, 0)[turn % 4])
        b.run_for(5)
        steps.to(0)
        b.run_for(3)
        b.drain()
        result = b.judged(Result(trials=trials), shift=steps.shift)
        result.notes.append(f"the clock was set to {', '.join(f'{off:+d} s' for _, off in steps.made[1:])}")
        return result


def _year_ahead(folder: Path, trials: int) -> Result:
    """What is dated a year ahead waits until the hub knows whose clock is wrong, and is refused then, never stored."""
    steps = Steps(folder / "clock")
    with bed(folder, Setup(environment=faked(folder / "clock"))) as b:
        b.run_for(5)
        steps.to(_YEAR)
        alarm = str(b.wait(lambda: b.hub_says().get("alarm"), "the hub's alarm"))
        b.run_for(3)
        steps.to(0)
        result = Result(trials=trials, recovery=[b.after(ACK, time.monotonic())])
        b.run_for(_FIRM_SECONDS)
        b.drain()
        b.judged(result, shift=steps.shift)
    ahead = [row for row in b.last_found.stored if row.time > time.time_ns() + _HOUR * 10**9]
    result.demand(not ahead, f"{len(ahead)} rows are stored in the future")
    result.demand(result.counts.dead, "nothing was refused")
    result.demand("clock" in alarm, f"the alarm names no clock: {alarm}")
    result.notes.append(f"alarm “{alarm}”; {result.counts.dead} readings of the year ahead refused after 10 minutes")
    return result


def _boot_without_time(folder: Path, trials: int) -> Result:
    """1970 at the boot, killed twice before the time comes, then the true time: stamped once, and truly."""
    steps = Steps(folder / "clock")
    steps.to(-int(time.time()) + 1000)
    result = Result(trials=trials)
    with bed(folder, Setup(environment=faked(folder / "clock")), first=False) as b:
        b.wait(b.station.all_listened, "an agent that listens")
        for _ in range(trials):
            b.run_for(5)
            with b.station.death():
                b.agent.kill()
            b.agent.start()
            b.wait(b.station.all_listened, "an agent that listens again")
        b.run_for(5)
        result.demand(not b.ear.heard["up/readings"], "readings were sent before anybody knew the time")
        waited = int(b.agent_says()["waiting"]["undated"])
        result.demand(waited > 0, "nothing waited for its time")
        set_at = time.monotonic()
        steps.to(0)
        result.recovery = [b.after(ACK, set_at)]
        b.run_for(3)
        b.drain()
        b.judged(result)
    error = _worst_stamp(b)
    result.notes.append(f"{waited} readings waited for their time; worst stamp {error:.0f} ms off")
    result.aim(error <= _STAMP_TOLERANCE_MS, f"a stamp is {error:.0f} ms off")
    return result


def _worst_stamp(b: Bed) -> float:
    """Return by how many milliseconds the worst row is off its true time; the database must still hold it."""
    true = {(e.sensor, e.number): e.wall_ns for e in b.station.ledger.emitted}
    return max(abs(row.time - true[row.sensor, row.number]) / 1e6 for row in b.last_found.stored)


CASES = (
    Case("R26", "agent's clock set back 1 h and forward 50 min in mid-run", _steps, 8),
    Case("R26-year", "agent's clock set forward 1 year, then right again", _year_ahead),
    Case("R27", "boot without time, kills before the time comes, then the time", _boot_without_time, 3, 1),
)
