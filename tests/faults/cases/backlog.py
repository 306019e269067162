"""R09: a long time offline, scaled: a spool filled by the real code with a past that is true, then the hub comes."""

from __future__ import annotations

import time
from pathlib import Path

from edge_agent.clock import Stamp
from edge_agent.taken import Taken
from telemetry.quantity import Family
from telemetry.reading import Measurement
from tests.faults.bed import Bed, Setup
from tests.faults.case import Case
from tests.faults.result import Result
from tests.faults.station import Emitted, Station
from tests.support import influx, spooling

_A_COMMIT = 24
_LIVE_TARGET, _DRAIN_TARGET = 5.0, 20.0


def _filled(b: Bed, readings: int) -> float:
    """Commit a past, a second of readings at a time, and return the bytes that a reading takes."""
    station = b.station
    seconds = readings // _A_COMMIT
    now_ms, monotonic = time.time_ns() // 10**6, time.monotonic_ns()
    spool = spooling.opened(b.spool)
    for second in range(seconds):
        stamp = Stamp(now_ms - (seconds - second) * 1000, monotonic)
        spool.commit([_said(station, turn, stamp) for turn in range(_A_COMMIT)], stamp)
    spool.close()
    return b.spool.stat().st_size / readings


def _said(station: Station, turn: int, stamp: Stamp) -> Taken:
    sensor = station.sensors[turn % len(station.sensors)]
    number, sensor.next_number = sensor.next_number, sensor.next_number + 1
    station.ledger.emitted.append(Emitted(sensor.name, number, 0.0, stamp.wall_ms * 10**6, listened=True))
    values = {"pm2_5": (number % 9000 + 1) / 10, "pm10": (number // 9000 + 1) / 10}
    return Taken(sensor.name, Measurement(Family.AIR, values), stamp.monotonic_ns)


def _rows(b: Bed, since_ns: int = 0) -> int:
    found = influx.query(b.influx, f"SELECT count(pm2_5) FROM air WHERE time > {since_ns}")
    return int(found[0]["count"]) if found else 0


def _backlog(folder: Path, trials: int) -> Result:
    readings = 25_000 * trials
    made = Bed(folder, Setup())
    per_reading = _filled(made, readings)
    with made as b:
        influx.create_database(b.influx)
        begun, wall = time.monotonic(), time.time_ns()
        live = b.wait(lambda: _rows(b, wall) and time.monotonic() - begun, "a live row", 300)
        b.wait(lambda: _rows(b) >= readings, "the backlog", 600)
        took = time.monotonic() - begun
        b.run_for(1)
        b.drain(300)
        result = Result(trials=1, recovery=[live])
        b.judged(result)
    rate = readings / took
    result.notes.append(f"{readings:,} readings drained at {rate:,.0f}/s = {rate / _A_COMMIT:.0f} x real time")
    result.notes.append(
        f"first live row {live:.1f} s after the agent's start; {per_reading:.0f} bytes a reading on disk"
    )
    result.aim(rate / _A_COMMIT >= _DRAIN_TARGET, f"drained at only {rate / _A_COMMIT:.1f} x real time")
    result.aim(live <= _LIVE_TARGET, f"the first live row came after {live:.1f} s")
    return result


CASES = (Case("R09", "scaled backlog drains while readings arrive; recovery: start to live row", _backlog, 8),)
