"""R28, R29: serial lines are pulled and put in again; bytes on them are hurt."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.faults.bed import Bed, Setup, bed
from tests.faults.case import Case
from tests.faults.result import Result
from tests.faults.station import Sensor

_BACK_TARGET = 5.0


def _replug(folder: Path, trials: int) -> Result:
    """The device goes away and comes back under another kernel name and the same stable one."""
    recovery: list[float] = []
    with bed(folder, Setup()) as b:
        for turn in range(trials):
            sensor = b.station.sensors[turn % len(b.station.sensors)]
            b.station.unplug(sensor)
            b.run_for(b.random.uniform(0.5, 3.0))
            b.station.plug_in(sensor)
            plugged = time.monotonic()
            b.wait(lambda s=sensor: s.listened, "an agent that opens the port again")
            recovery.append(time.monotonic() - plugged)
        b.run_for(2)
        b.drain()
        result = b.judged(Result(trials=trials, recovery=recovery), before=0.6)
        result.aim(max(recovery) <= _BACK_TARGET, f"a port was opened again only after {max(recovery):.1f} s")
        return result


class Noise:
    """Hurts some frames in ways that a serial line knows; each hurt frame is not expected to be read."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.hurt = 0

    def __call__(self, frame: bytes) -> bytes:
        if self._chance.random() > 0.3:
            return frame
        self.hurt += 1
        return self._chance.choice((self._flipped, self._cut, self._doubled, self._random))(frame)

    def _flipped(self, frame: bytes) -> bytes:
        at = self._chance.randrange(len(frame))
        return frame[:at] + bytes([frame[at] ^ 1 << self._chance.randrange(8)]) + frame[at + 1 :]

    def _cut(self, frame: bytes) -> bytes:
        return frame[: self._chance.randrange(1, len(frame))]

    def _doubled(self, frame: bytes) -> bytes:
        """Lose the middle, so that two frames run into one another."""
        return frame[:4] + frame[:7]

    def _random(self, frame: bytes) -> bytes:
        return self._chance.randbytes(self._chance.randrange(1, 60))


def _garbage(folder: Path, trials: int) -> Result:
    """A third of the frames is hurt; then one line is flooded."""
    noise = Noise(random.Random(29))
    with bed(folder, Setup()) as b:
        b.station.spoil = noise
        b.run_for(10.0 * trials)
        b.station.spoil = bytes
        flood = _flooded(b, b.station.sensors[0], trials)
        b.run_for(2)
        b.drain()
        result = Result(trials=noise.hurt)
        b.judged(result, before=0.0)
        result.notes.append(f"{noise.hurt} frames hurt, a line flooded with {flood / 1e6:.1f} MB without a line feed")
        result.notes.append(f"agent RSS peak {b.agent.peak_rss / 1e6:.0f} MB")
        return result


def _flooded(b: Bed, sensor: Sensor, trials: int) -> int:
    """Say random bytes on a line as fast as they are read, and return how many; they may begin like a frame."""
    chance, said = random.Random(30), 0
    until = time.monotonic() + 5.0 * trials
    while time.monotonic() < until:
        with b.station._lock:
            assert sensor.terminal is not None
            said += len(sensor.terminal.send(chance.randbytes(900)))
        b.agent.rss()
        time.sleep(0.002)
    return said


CASES = (
    Case("R28", "serial unplugged and plugged in again; recovery: plug to open", _replug, 24, 4),
    Case("R29", "serial garbage: flipped bits, cut and merged frames, noise, a flood", _garbage, 3, 1),
)
