"""The faults of a world, drawn from its seed: what happens, when, for how long. Each undoes itself when it ends."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulated.broker import any_link

if TYPE_CHECKING:
    from tests.simulated.disk import Disk
    from tests.simulated.world import World

Fault = Callable[["World", random.Random], Awaitable[None]]


@dataclass(frozen=True)
class Event:
    """One fault and when it begins, in seconds after the world's beginning."""

    at: float
    name: str
    seed: int


def drawn(rng: random.Random, seconds: float) -> list[Event]:
    """Draw which kinds of faults this world knows, and when each happens."""
    kinds = rng.sample(sorted(FAULTS), rng.randint(2, 8))
    count = rng.randint(3, 4 + int(seconds / 30))
    events = [Event(rng.uniform(1, seconds * 0.9), rng.choice(kinds), rng.getrandbits(32)) for _ in range(count)]
    return sorted(events, key=lambda event: event.at)


def damages(rng: random.Random, seconds: float) -> list[Event]:
    """Draw when spools are found damaged; by itself, so that the other faults of a seed do not hang on it."""
    count = rng.choice((0, 0, 0, 0, 1, 2))
    return [Event(rng.uniform(1, seconds * 0.9), "spool damaged", rng.getrandbits(32)) for _ in range(count)]


async def _agent_killed(world: World, rng: random.Random) -> None:
    rng.choice(world.agents).kill(seconds=rng.uniform(0.1, 10))


async def _agent_killed_often(world: World, rng: random.Random) -> None:
    agent = rng.choice(world.agents)
    for _ in range(rng.randint(3, 8)):
        agent.kill(seconds=rng.uniform(0.05, 1))
        await asyncio.sleep(rng.uniform(0.1, 6))


async def _agent_stopped(world: World, rng: random.Random) -> None:
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


async def _agent_loses_power(world: World, rng: random.Random) -> None:
    """Boot again with a clock of which nobody knows, until NTP sets it."""
    agent = rng.choice(world.agents)
    agent.kill(reboot=True, seconds=rng.uniform(1, 30))
    await _clock_unknown(world, rng, agent.host)


async def _clock_unknown(world: World, rng: random.Random, host: object = None) -> None:
    host = host or rng.choice(world.agents).host
    off = rng.choice((0, -rng.randint(1_000, 10**7), -rng.randint(10**9, 10**10), -1_780_000_000_000))
    host.set_clock(off, vouched=False)
    try:
        await asyncio.sleep(rng.uniform(1, 150))
    finally:
        host.set_clock(0, vouched=True)


async def _clock_stepped(world: World, rng: random.Random) -> None:
    """Somebody sets a clock that is vouched for, forth or back, and back or forth again."""
    host = rng.choice(world.agents).host
    host.set_clock(rng.choice((rng.randint(1_000, 3_000_000), -rng.randint(1_000, 20_000_000))), vouched=True)
    try:
        await asyncio.sleep(rng.uniform(5, 400))
    finally:
        host.set_clock(0, vouched=True)


async def _card_replaced(world: World, rng: random.Random) -> None:
    rng.choice(world.agents).kill(new_card=True, seconds=rng.uniform(0.1, 5))


async def _card_replaced_before_acks(world: World, rng: random.Random) -> None:
    """Acknowledgements of the old card's batches come when the new card has batches of the same numbers."""
    weather = world.broker.weather
    weather.late, weather.latest = 0.8, 30.0
    try:
        await asyncio.sleep(rng.uniform(2, 20))
        rng.choice(world.agents).kill(new_card=True, seconds=rng.uniform(0.1, 2))
        await asyncio.sleep(40)
    finally:
        weather.late, weather.latest = world.usual_weather.late, world.usual_weather.latest


async def _clock_corrected_meanwhile(world: World, rng: random.Random) -> None:
    """A clock that runs ahead is set right while messages get lost: nothing may wait for the wrong time."""
    host, weather = rng.choice(world.agents).host, world.broker.weather
    host.set_clock(rng.randint(1_000_000, 3_000_000), vouched=True)
    weather.lost = 0.8
    try:
        await asyncio.sleep(rng.uniform(10, 60))
    finally:
        weather.lost = world.usual_weather.lost
        host.set_clock(0, vouched=True)


async def _spool_damaged(world: World, rng: random.Random) -> None:
    """Another spool takes its place; at times the disk refuses, or the agent is killed, while it comes over."""
    agent = rng.choice(world.agents)
    agent.rot()
    pause = rng.uniform(0.1, 5)
    agent.kill(seconds=pause)
    if rng.random() < 0.5:
        await asyncio.sleep(pause + rng.uniform(0, 3))
        await _refused(agent.host.disk, rng.uniform(0.5, 20), some=True)
    for _ in range(rng.choice((0, 0, 1, 3))):
        await asyncio.sleep(rng.uniform(1, 8))
        agent.kill(seconds=rng.uniform(0.1, 2))


async def _hub_killed(world: World, rng: random.Random) -> None:
    rng.choice(world.hubs).kill(rng.uniform(0.1, 20))


async def _hub_killed_often(world: World, rng: random.Random) -> None:
    hub = rng.choice(world.hubs)
    for _ in range(rng.randint(3, 10)):
        hub.kill(rng.uniform(0.05, 1))
        await asyncio.sleep(rng.uniform(0.1, 5))


async def _hub_stopped(world: World, rng: random.Random) -> None:
    rng.choice(world.hubs).stop(rng.uniform(0.1, 60))


async def _second_hub(world: World, rng: random.Random) -> None:
    hub = world.add_hub()
    try:
        await asyncio.sleep(rng.uniform(10, 200))
    finally:
        world.remove_hub(hub)


async def _link_breaks(world: World, rng: random.Random) -> None:
    link = any_link(world.broker, "simpang", rng.choice)
    if link is not None:
        link.lose("the cable was pulled")


async def _cable_out(world: World, rng: random.Random) -> None:
    host = rng.choice([machine.host for machine in (*world.agents, *world.hubs)])
    host.reachable = False
    for link in [link for link in world.broker.links.values() if link.process.host is host]:
        link.lose("the cable was pulled")
    try:
        await asyncio.sleep(rng.uniform(1, 90))
    finally:
        host.reachable = True


async def _half_open(world: World, rng: random.Random) -> None:
    link = any_link(world.broker, "simpang", rng.choice)
    if link is not None:
        world.broker.go_half_open(link)


async def _broker_crashes(world: World, rng: random.Random) -> None:
    await world.broker.crash(rng.uniform(0.1, 40), forgets=rng.random() < 0.5)


def _weather(**worst: float) -> Fault:
    """Return a fault that makes some figures of the weather bad for a while."""

    async def fault(world: World, rng: random.Random) -> None:
        weather = world.broker.weather
        before = {name: getattr(world.usual_weather, name) for name in worst}
        for name, most in worst.items():
            setattr(weather, name, rng.uniform(most / 10, most))
        try:
            await asyncio.sleep(rng.uniform(5, 120))
        finally:
            for name, usual in before.items():
                setattr(weather, name, usual)

    return fault


async def _denied(world: World, rng: random.Random) -> None:
    world.broker.weather.denied = rng.choice(("up/readings", "down/ack", "up/status"))
    try:
        await asyncio.sleep(rng.uniform(5, 90))
    finally:
        world.broker.weather.denied = ""


def _mood(**worst: float) -> Fault:
    """Return a fault that makes some figures of the store's mood bad for a while."""

    async def fault(world: World, rng: random.Random) -> None:
        mood = world.database.mood
        before = {name: getattr(type(mood)(), name) for name in worst}
        for name, most in worst.items():
            setattr(mood, name, rng.choice((most, rng.uniform(0, most))))
        try:
            await asyncio.sleep(rng.uniform(5, 120))
        finally:
            for name, usual in before.items():
                setattr(mood, name, usual)

    return fault


async def _store_limited(world: World, rng: random.Random) -> None:
    world.database.mood.limited = f"sensor={rng.choice(world.settings.sensors)}".encode()
    try:
        await asyncio.sleep(rng.uniform(5, 60))
    finally:
        world.database.mood.limited = b""


async def _store_crashes(world: World, rng: random.Random) -> None:
    await world.database.crash(rng.uniform(0.1, 60))


async def _store_crashes_often(world: World, rng: random.Random) -> None:
    for _ in range(rng.randint(2, 5)):
        await world.database.crash(rng.uniform(0.1, 3))
        await asyncio.sleep(rng.uniform(1, 15))


async def _disk_refuses(world: World, rng: random.Random) -> None:
    disk = rng.choice(world.agents).host.disk
    writes, reads = rng.choice(((True, False), (True, True), (False, True)))
    await _refused(disk, rng.uniform(0.5, 60), writes=writes, reads=reads)


async def _refused(disk: Disk, seconds: float, *, writes: bool = True, reads: bool = False, some: bool = False) -> None:
    disk.refuses_writes, disk.refuses_reads, disk.refuses_some = writes, reads, some
    try:
        await asyncio.sleep(seconds)
    finally:
        disk.refuses_writes = disk.refuses_reads = disk.refuses_some = False


async def _disk_slow(world: World, rng: random.Random) -> None:
    disk = rng.choice(world.agents).host.disk
    usual = type(disk).usual_seconds
    disk.seconds = rng.uniform(0.2, 3)
    try:
        await asyncio.sleep(rng.uniform(5, 60))
    finally:
        disk.seconds = usual
        disk.note_trouble()


async def _burst(world: World, rng: random.Random) -> None:
    await rng.choice(world.agents).burst(rng.randint(20, 150))


async def _strange_acks(world: World, rng: random.Random) -> None:
    """Somebody says acknowledgements that are none."""
    for _ in range(rng.randint(5, 25)):
        world.say_strange_ack(rng)
        await asyncio.sleep(rng.uniform(0.1, 5))


FAULTS: dict[str, Fault] = {
    "agent killed": _agent_killed,
    "agent killed often": _agent_killed_often,
    "agent stopped": _agent_stopped,
    "agent loses power": _agent_loses_power,
    "agent's clock unknown": _clock_unknown,
    "agent's clock stepped": _clock_stepped,
    "agent's clock corrected while messages get lost": _clock_corrected_meanwhile,
    "card replaced": _card_replaced,
    "card replaced before its acks come": _card_replaced_before_acks,
    "hub killed": _hub_killed,
    "hub killed often": _hub_killed_often,
    "hub stopped": _hub_stopped,
    "second hub": _second_hub,
    "link breaks": _link_breaks,
    "links break often": _weather(breaks=0.3),
    "cable out": _cable_out,
    "half-open": _half_open,
    "broker crashes": _broker_crashes,
    "broker loses": _weather(lost=0.9),
    "broker doubles": _weather(doubled=0.9),
    "late messages": _weather(late=0.6),
    "slow network": _weather(slowest=8.0),
    "broker denies": _denied,
    "store down": _mood(down=1.0),
    "store busy": _mood(busy=1.0),
    "store holds": _mood(hold=1.0),
    "store does not answer": _mood(slow=1.0),
    "store slow": _mood(slowest=10.0),
    "store limited": _store_limited,
    "store crashes": _store_crashes,
    "store crashes often": _store_crashes_often,
    "disk refuses": _disk_refuses,
    "disk slow": _disk_slow,
    "burst": _burst,
    "strange acks": _strange_acks,
}
"""Of these each world knows a few."""

_BY_ITSELF: dict[str, Fault] = {"spool damaged": _spool_damaged}


def fault(name: str) -> Fault:
    """Return what a fault does."""
    return FAULTS.get(name) or _BY_ITSELF[name]
