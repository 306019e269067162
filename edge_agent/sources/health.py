"""The agent's own health, and that of each of its sources, as readings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Self

import psutil

from edge_agent.delivery.facts import Held
from edge_agent.sources.source import Vitals
from edge_agent.taken import Taken
from telemetry.names import HEALTH
from telemetry.quantity import Family
from telemetry.reading import Measurement

_MEGABYTE = 1024 * 1024
_HOUR = 3600
_CPU_SENSORS = ("cpu_thermal", "coretemp", "k10temp", "soc_thermal")


class Health:
    """Source: every so many seconds one reading of the agent and one of each source."""

    def __init__(self, every: float, spool: Path, held: Callable[[], Held], watched: Sequence[Vitals]) -> None:
        """Report on the disk that the spool lies on and on what `held` says waits in it."""
        self._every = every
        self._disk = spool.parent
        self._held = held
        self._watched = watched
        self._started = time.monotonic()
        self._ending = asyncio.Event()
        self.vitals = Vitals(HEALTH)

    async def __aenter__(self) -> Self:
        """Start measuring the CPU; the first figure needs a while to mean anything."""
        psutil.cpu_percent()
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Do nothing: there is nothing to close."""

    def end(self) -> None:
        """Let `readings` return."""
        self._ending.set()

    async def readings(self) -> AsyncGenerator[Taken, None]:
        """Yield the agent's health and that of its sources, at once and then at the given pace."""
        wait = min(1.0, self._every)
        while not await self._ended_within(wait):
            wait = self._every
            at = time.monotonic_ns()
            self.vitals.frame()
            yield Taken(HEALTH, Measurement(Family.HEALTH, self._own()), at)
            for vitals in self._watched:
                yield Taken(vitals.sensor, Measurement(Family.HEALTH, _of(vitals)), at)

    async def _ended_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._ending.wait()
        except TimeoutError:
            return False

    def _own(self) -> dict[str, float]:
        held = self._held()
        return {
            "cpu": psutil.cpu_percent(),
            "memory": psutil.virtual_memory().percent,
            "disk": psutil.disk_usage(str(self._disk)).percent,
            "rss": round(psutil.Process().memory_info().rss / _MEGABYTE, 1),
            "uptime": round(time.monotonic() - self._started, 1),
            "spool_batches": held.batches,
            "spool_readings": held.readings + held.undated,
            "spool_bytes": held.bytes,
        } | _temperature()


def _of(vitals: Vitals) -> dict[str, float]:
    """Return a source's figures; without a frame so far there is no age to tell."""
    said: dict[str, float] = {
        "frames": vitals.frames,
        "rejected": sum(vitals.rejected.values()),
        "restarts": vitals.restarts,
    }
    said |= {f"rejected_{cause.replace('-', '_')}": count for cause, count in vitals.rejected.items() if count}
    if vitals.wakes:
        said |= {"awake": round(vitals.awake() / _HOUR, 3), "wakes": vitals.wakes}
    age = vitals.frame_age()
    return said if age is None else said | {"frame_age": round(age, 1)}


def _temperature() -> dict[str, float]:
    """Return the CPU's temperature where the machine tells it."""
    told = psutil.sensors_temperatures() if hasattr(psutil, "sensors_temperatures") else {}
    for name in _CPU_SENSORS:
        if told.get(name):
            return {"temperature": round(told[name][0].current, 1)}
    return {}
