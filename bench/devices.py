"""Sensors on pseudo-terminals for the measurements, as a process of their own: each frame is told apart by its value.

Standard input closed ends it. It writes one line for each frame: nanoseconds since 1970, sensor, value in 0.1 µg/m³.
"""

from __future__ import annotations

import os
import random
import select
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from simulation.sensors import Terminal

_EVERY = 1.0


def frame(value: int) -> bytes:
    """Return a frame of an SDS011 that says a value as PM2.5, and its double as PM10."""
    body = (value % 9000 + 1).to_bytes(2, "little") + (value % 4000 + 1).to_bytes(2, "little") + b"\x58\xd9"
    return b"\xaa\xc0" + body + bytes([sum(body) & 0xFF, 0xAB])


def main(folder: Path, good: int, bad: int) -> None:
    """Run so many good sensors at 1 Hz, and bad ones: a flood, one that is unplugged all the time, and a silent one."""
    sensors: list[Iterator[float]] = [_good(folder / f"good-{number}", number) for number in range(good)]
    kinds: list[Callable[[Path], Iterator[float]]] = [_flood, _flapping, _silent]
    sensors += [kinds[number % 3](folder / f"bad-{number}") for number in range(bad)]
    due = [next(sensor) for sensor in sensors]
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], max(0.0, min(due) - time.monotonic()))[0]:
        for number, sensor in enumerate(sensors):
            if due[number] <= time.monotonic():
                due[number] = next(sensor)


def _good(link: Path, number: int) -> Iterator[float]:
    terminal, due = Terminal(link), time.monotonic() + number * 0.097
    for value in range(1_000_000):
        yield due
        due += _EVERY
        at = time.time_ns()
        if terminal.send(frame(value)):
            print(at, link.name, value % 9000 + 1, flush=True)
        terminal.heard()


def _flood(link: Path) -> Iterator[float]:
    """Say rubbish without a frame, 10 kB a second."""
    terminal, noise = Terminal(link), random.Random(1)
    while True:
        terminal.send(noise.randbytes(500).replace(b"\xaa", b"."))
        terminal.heard()
        yield time.monotonic() + 0.05


def _flapping(link: Path) -> Iterator[float]:
    """Be unplugged and plugged in again every second."""
    while True:
        terminal = Terminal(link)
        terminal.send(frame(1)[:5])
        yield time.monotonic() + 0.5
        terminal.close()
        yield time.monotonic() + 0.5


def _silent(link: Path) -> Iterator[float]:
    """Take what is said and answer nothing."""
    terminal = Terminal(link)
    while True:
        terminal.heard()
        yield time.monotonic() + 0.5


if __name__ == "__main__":
    os.nice(-5) if os.geteuid() == 0 else None
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
