"""R05, R07, R23: the spool's disk is full or read-only and comes back; the database's disk is full and is freed."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.faults import machine, mounts
from tests.faults.bed import ACK, BATCH, Bed, Setup, bed
from tests.faults.case import Case
from tests.faults.disk import strace
from tests.faults.result import Result

_READ_ONLY_SECONDS = 6.0


def _spool_full(folder: Path, trials: int) -> Result:
    """Another program fills the disk; readings stay in memory until there is room."""
    recovery: list[float] = []
    with mounts.tmpfs(folder / "disk", 4) as disk, bed(folder, Setup(spool_folder=disk)) as b:
        for _ in range(trials):
            ballast = mounts.fill(disk)
            b.run_for(10)
            ballast.unlink()
            freed = time.monotonic()
            recovery.append(b.after(BATCH, freed))
        return _spool_judged(b, Result(trials=trials, recovery=recovery))


def _spool_judged(b: Bed, result: Result, *, before: float = 1.0) -> Result:
    b.run_for(2)
    b.drain()
    result.demand("readings stay in memory" in b.agent.words(), "I8 the agent did not say that its disk refuses")
    return b.judged(result, before=before)


def _read_only(folder: Path, trials: int) -> Result:
    """The kernel finds an error in the file system and writes no more until the next boot.

    What was committed is still delivered; what is measured from then on is only in memory, and goes with it.
    """
    recovery: list[float] = []
    image = folder / "image"
    with mounts.ext4(folder / "disk", image, 24) as disk, bed(folder, Setup(spool_folder=disk)) as b:
        for _ in range(trials):
            mounts.turn_read_only(disk)
            b.run_for(_READ_ONLY_SECONDS)
            with b.station.death():
                b.agent.kill()
            mounts.mount_anew(disk, image)
            b.agent.start()
            recovery.append(b.after(BATCH, b.agent.started_at))
        b.wait(b.station.all_listened, "an agent that listens again")
        result = _spool_judged(b, Result(trials=trials, recovery=recovery), before=_READ_ONLY_SECONDS + 1.0)
        result.notes.append(
            f"read-only for {_READ_ONLY_SECONDS:.0f} s each, then a reboot, which memory does not survive"
        )
        return result


def _read_only_for_a_while(folder: Path, trials: int) -> Result:
    """Somebody mounts the file system read-only and writable again; the agent runs on and keeps what it measured."""
    recovery: list[float] = []
    with bed(folder) as b:
        for _ in range(trials):
            assert b.agent.running is not None
            with machine.read_only(b.agent.running.pid, strace.files(b.spool)):
                b.run_for(_READ_ONLY_SECONDS)
                b.wait(lambda: "refuses" in json.dumps(b.agent_says()), "an agent that says that its disk refuses")
            writable = time.monotonic()
            recovery.append(b.after(BATCH, writable))
        return _spool_judged(b, Result(trials=trials, recovery=recovery))


def _database_full(folder: Path, trials: int) -> Result:
    """InfluxDB goes on answering 500 after room was made until it is restarted: the alarm must say that."""
    with mounts.tmpfs(folder / "disk", 24) as disk, bed(folder, Setup(database_folder=disk / "influxdb")) as b:
        ballast = mounts.fill(disk)
        alarm = b.wait(lambda: b.hub_says().get("alarm"), "the hub's alarm", 120)
        b.run_for(5)
        ballast.unlink()
        b.run_for(5)
        still = b.hub_says()["alarm"]
        b.influx.stop()
        begun = time.monotonic()
        b.influx.start()
        result = Result(trials=trials, recovery=[b.after(ACK, begun)])
        result.demand("restart" in alarm, f"the alarm names no cure: {alarm}")
        result.notes.append(
            f"alarm “{alarm.rsplit('; ', 1)[-1]}”; after room was made: {'still on' if still else 'over'}"
        )
        result.notes.append("a person restarted the database, as the alarm asks")
        b.drain()
        return b.judged(result)


CASES = (
    Case("R05", "spool disk full, then freed; recovery: room to first batch", _spool_full, 3, 1),
    Case("R07", "spool's file system turns read-only, then a reboot; recovery: start to first batch", _read_only, 3),
    Case(
        "R07-back",
        "spool's file system turns read-only and writable again; recovery: to first batch",
        _read_only_for_a_while,
        5,
    ),
    Case("R23", "database disk full, freed, database restarted", _database_full, 1),
)
