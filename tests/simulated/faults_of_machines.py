"""Faults of the machines: agents and hubs are killed, stopped, rebooted, get cards, clocks and damaged spools.

Each undoes itself when it ends.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from tests.simulated.faults_of_storage import refused

if TYPE_CHECKING:
    from tests.simulated.world import World


async def agent_killed(world: World, rng: random.Random) -> None:
    rng.choice(world.agents).kill(seconds=rng.uniform(0.1, 10))


async def agent_killed_often(world: World, rng: random.Random) -> None:
    agent = rng.choice(world.agents)
    for _ in range(rng.randint(3, 8)):
        agent.kill(seconds=rng.uniform(0.05, 1))
        await asyncio.sleep(rng.uniform(0.1, 6))


async def agent_stopped(world: World, rng: random.Random) -> None:
    """Stop in order, at times while the disk is slow, so that readings wait for the commit before them."""
    agent = rng.choice(world.agents)
    disk = agent.host.disk
    try:
        if rng.random() < 0.4:
            disk.seconds = rng.uniform(1, 4)
            await asyncio.sleep(rng.uniform(5, 15))
        agent.stop(rng.uniform(0.1, 30))
        await asyncio.sleep(10)
    finally:
        disk.seconds = disk.usual_seconds


async def agent_loses_power(world: World, rng: random.Random) -> None:
    """Boot again with a clock of which nobody knows, until NTP sets it."""
    agent = rng.choice(world.agents)
    agent.kill(reboot=True, seconds=rng.uniform(1, 30))
    await clock_unknown(world, rng, agent.host)


async def clock_unknown(world: World, rng: random.Random, host: object = None) -> None:
    host = host or rng.choice(world.agents).host
    off = rng.choice((0, -rng.randint(1_000, 10**7), -rng.randint(10**9, 10**10), -1_780_000_000_000))
    host.set_clock(off, vouched=False)
    try:
        await asyncio.sleep(rng.uniform(1, 150))
    finally:
        host.set_clock(0, vouched=True)


async def clock_stepped(world: World, rng: random.Random) -> None:
    """Somebody sets a clock that is vouched for, forth or back, and back or forth again."""
    host = rng.choice(world.agents).host
    host.set_clock(rng.choice((rng.randint(1_000, 3_000_000), -rng.randint(1_000, 20_000_000))), vouched=True)
    try:
        await asyncio.sleep(rng.uniform(5, 400))
    finally:
        host.set_clock(0, vouched=True)


async def clock_corrected_meanwhile(world: World, rng: random.Random) -> None:
    """A clock that runs ahead is set right while messages get lost: nothing may wait for the wrong time."""
    host, weather = rng.choice(world.agents).host, world.broker.weather
    host.set_clock(rng.randint(1_000_000, 3_000_000), vouched=True)
    weather.lost = 0.8
    try:
        await asyncio.sleep(rng.uniform(10, 60))
    finally:
        weather.lost = world.usual_weather.lost
        host.set_clock(0, vouched=True)


async def card_replaced(world: World, rng: random.Random) -> None:
    rng.choice(world.agents).kill(new_card=True, seconds=rng.uniform(0.1, 5))


async def card_replaced_before_acks(world: World, rng: random.Random) -> None:
    """Acknowledgements of the old card's batches come when the new card has batches of the same numbers."""
    weather = world.broker.weather
    weather.late, weather.latest = 0.8, 30.0
    try:
        await asyncio.sleep(rng.uniform(2, 20))
        rng.choice(world.agents).kill(new_card=True, seconds=rng.uniform(0.1, 2))
        await asyncio.sleep(40)
    finally:
        weather.late, weather.latest = world.usual_weather.late, world.usual_weather.latest


async def spool_damaged(world: World, rng: random.Random) -> None:
    """Another spool takes its place; at times the disk refuses, or the agent is killed, while it comes over."""
    agent = rng.choice(world.agents)
    agent.rot()
    pause = rng.uniform(0.1, 5)
    agent.kill(seconds=pause)
    if rng.random() < 0.5:
        await asyncio.sleep(pause + rng.uniform(0, 3))
        await refused(agent.host.disk, rng.uniform(0.5, 20), some=True)
    for _ in range(rng.choice((0, 0, 1, 3))):
        await asyncio.sleep(rng.uniform(1, 8))
        agent.kill(seconds=rng.uniform(0.1, 2))


async def hub_killed(world: World, rng: random.Random) -> None:
    rng.choice(world.hubs).kill(rng.uniform(0.1, 20))


async def hub_killed_often(world: World, rng: random.Random) -> None:
    hub = rng.choice(world.hubs)
    for _ in range(rng.randint(3, 10)):
        hub.kill(rng.uniform(0.05, 1))
        await asyncio.sleep(rng.uniform(0.1, 5))


async def hub_stopped(world: World, rng: random.Random) -> None:
    rng.choice(world.hubs).stop(rng.uniform(0.1, 60))


async def second_hub(world: World, rng: random.Random) -> None:
    hub = world.add_hub()
    try:
        await asyncio.sleep(rng.uniform(10, 200))
    finally:
        world.remove_hub(hub)


async def burst(world: World, rng: random.Random) -> None:
    await rng.choice(world.agents).burst(rng.randint(20, 150))
