"""An inlet with all that it writes to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.alarm import Alarm
from hub.arrivals import Arrivals, Arrived
from hub.config import Registered, Times
from hub.dead_letter import DeadLetterFile
from hub.inlet import Inlet
from hub.presence import Presence
from hub.registry import Registry
from service.mqtt import Message
from telemetry.reading import Place
from telemetry.topic import Channel, topic
from tests.hub.kit import EPOCH, PLACE

MEGABYTE = 1 << 20
READINGS, STATUS = topic(PLACE, Channel.READINGS), topic(PLACE, Channel.STATUS)


@dataclass
class Bench:
    """An inlet with all that it writes to."""

    inlet: Inlet
    arrivals: Arrivals
    presence: Presence
    registry: Registry
    dead_letters: DeadLetterFile
    path: Path
    alarm: Alarm

    async def take(self, payload: bytes, *, on: str = READINGS) -> None:
        await self.inlet.take(Message(on, payload))

    async def arrived(self) -> list[Arrived]:
        """Return what waits for the store, possibly nothing."""
        await self.arrivals.put(Arrived(Place("end", "end"), EPOCH, 0, (), (), ()))
        taken = await self.arrivals.take(10**9)
        return taken[:-1]

    async def only(self) -> Arrived:
        (arrived,) = await self.arrived()
        return arrived

    def letters(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        return [json.loads(text) for text in self.path.read_text().splitlines()]


def bench(folder: Path, *listed: Registered, is_open: bool = False, most_bytes: int = 32 * MEGABYTE) -> Bench:
    path = folder / "dead-letter.jsonl"
    registry, arrivals, presence = Registry(listed, is_open=is_open), Arrivals(most_bytes), Presence()
    dead_letters, alarm = DeadLetterFile(path, MEGABYTE), Alarm()
    return Bench(
        Inlet(registry, arrivals, presence, dead_letters, Times(), alarm),
        arrivals, presence, registry, dead_letters, path, alarm,
    )  # fmt: skip


def closed_bench(folder: Path) -> Bench:
    """Return an inlet that knows PLACE with two sensors."""
    return bench(folder, Registered(site=PLACE.site, agent=PLACE.agent, sensors=["dust", "cam-north"]))
