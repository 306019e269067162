"""Faults of links and broker: cables, half-open connections, weather, access lists, strange messages.

Each undoes itself when it ends.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from tests.simulated.broker import any_link
from tests.simulated.fault import Fault, worsen

if TYPE_CHECKING:
    from tests.simulated.world import World


async def link_breaks(world: World, rng: random.Random) -> None:
    link = any_link(world.broker, "simpang", rng.choice)
    if link is not None:
        link.lose("the cable was pulled")


async def cable_out(world: World, rng: random.Random) -> None:
    host = rng.choice([machine.host for machine in (*world.agents, *world.hubs)])
    host.reachable = False
    for link in [link for link in world.broker.links.values() if link.process.host is host]:
        link.lose("the cable was pulled")
    try:
        await asyncio.sleep(rng.uniform(1, 90))
    finally:
        host.reachable = True


async def half_open(world: World, rng: random.Random) -> None:
    link = any_link(world.broker, "simpang", rng.choice)
    if link is not None:
        world.broker.go_half_open(link)


async def broker_crashes(world: World, rng: random.Random) -> None:
    await world.broker.crash(rng.uniform(0.1, 40), forgets=rng.random() < 0.5)


def weather(**worst: float) -> Fault:
    """Return a fault that makes some figures of the weather bad for a while."""

    async def fault(world: World, rng: random.Random) -> None:
        drawn = {name: rng.uniform(most / 10, most) for name, most in worst.items()}
        await worsen(world.broker.weather, world.usual_weather, drawn, rng.uniform(5, 120))

    return fault


async def denied(world: World, rng: random.Random) -> None:
    world.broker.weather.denied = rng.choice(("up/readings", "down/ack", "up/status"))
    try:
        await asyncio.sleep(rng.uniform(5, 90))
    finally:
        world.broker.weather.denied = ""


async def strange_acks(world: World, rng: random.Random) -> None:
    """Somebody says acknowledgements that are none."""
    for _ in range(rng.randint(5, 25)):
        world.say_strange_ack(rng)
        await asyncio.sleep(rng.uniform(0.1, 5))
