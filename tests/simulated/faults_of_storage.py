"""Faults of what keeps things: the store and the disks.

Each undoes itself when it ends.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from tests.simulated.fault import Fault, worsen

if TYPE_CHECKING:
    from tests.simulated.disk import Disk
    from tests.simulated.world import World


def mood(**worst: float) -> Fault:
    """Return a fault that makes some figures of the store's mood bad for a while."""

    async def fault(world: World, rng: random.Random) -> None:
        mood = world.database.mood
        drawn = {name: rng.choice((most, rng.uniform(0, most))) for name, most in worst.items()}
        await worsen(mood, type(mood)(), drawn, rng.uniform(5, 120))

    return fault


async def store_limited(world: World, rng: random.Random) -> None:
    world.database.mood.limited = f"sensor={rng.choice(world.settings.sensors)}".encode()
    try:
        await asyncio.sleep(rng.uniform(5, 60))
    finally:
        world.database.mood.limited = b""


async def store_crashes(world: World, rng: random.Random) -> None:
    await world.database.crash(rng.uniform(0.1, 60))


async def store_crashes_often(world: World, rng: random.Random) -> None:
    for _ in range(rng.randint(2, 5)):
        await world.database.crash(rng.uniform(0.1, 3))
        await asyncio.sleep(rng.uniform(1, 15))


async def disk_refuses(world: World, rng: random.Random) -> None:
    disk = rng.choice(world.agents).host.disk
    writes, reads = rng.choice(((True, False), (True, True), (False, True)))
    await refused(disk, rng.uniform(0.5, 60), writes=writes, reads=reads)


async def refused(disk: Disk, seconds: float, *, writes: bool = True, reads: bool = False, some: bool = False) -> None:
    disk.refuses_writes, disk.refuses_reads, disk.refuses_some = writes, reads, some
    try:
        await asyncio.sleep(seconds)
    finally:
        disk.refuses_writes = disk.refuses_reads = disk.refuses_some = False


async def disk_slow(world: World, rng: random.Random) -> None:
    disk = rng.choice(world.agents).host.disk
    usual = type(disk).usual_seconds
    disk.seconds = rng.uniform(0.2, 3)
    try:
        await asyncio.sleep(rng.uniform(5, 60))
    finally:
        disk.seconds = usual
        disk.note_trouble()
