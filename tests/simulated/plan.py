"""The faults of a world, drawn from its seed: what happens, and when."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.simulated import faults_of_links as links
from tests.simulated import faults_of_machines as machines
from tests.simulated import faults_of_storage as storage
from tests.simulated.fault import Fault


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


FAULTS: dict[str, Fault] = {
    "agent killed": machines.agent_killed,
    "agent killed often": machines.agent_killed_often,
    "agent stopped": machines.agent_stopped,
    "agent loses power": machines.agent_loses_power,
    "agent's clock unknown": machines.clock_unknown,
    "agent's clock stepped": machines.clock_stepped,
    "agent's clock corrected while messages get lost": machines.clock_corrected_meanwhile,
    "card replaced": machines.card_replaced,
    "card replaced before its acks come": machines.card_replaced_before_acks,
    "hub killed": machines.hub_killed,
    "hub killed often": machines.hub_killed_often,
    "hub stopped": machines.hub_stopped,
    "second hub": machines.second_hub,
    "link breaks": links.link_breaks,
    "links break often": links.weather(breaks=0.3),
    "cable out": links.cable_out,
    "half-open": links.half_open,
    "broker crashes": links.broker_crashes,
    "broker loses": links.weather(lost=0.9),
    "broker doubles": links.weather(doubled=0.9),
    "late messages": links.weather(late=0.6),
    "slow network": links.weather(slowest=8.0),
    "broker denies": links.denied,
    "store down": storage.mood(down=1.0),
    "store busy": storage.mood(busy=1.0),
    "store holds": storage.mood(hold=1.0),
    "store does not answer": storage.mood(slow=1.0),
    "store slow": storage.mood(slowest=10.0),
    "store limited": storage.store_limited,
    "store crashes": storage.store_crashes,
    "store crashes often": storage.store_crashes_often,
    "disk refuses": storage.disk_refuses,
    "disk slow": storage.disk_slow,
    "burst": machines.burst,
    "strange acks": links.strange_acks,
}
"""Of these each world knows a few."""

_BY_ITSELF: dict[str, Fault] = {"spool damaged": machines.spool_damaged}


def fault(name: str) -> Fault:
    """Return what a fault does."""
    return FAULTS.get(name) or _BY_ITSELF[name]
