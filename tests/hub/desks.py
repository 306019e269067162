"""A writer with all that it works with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hub.alarm import Alarm
from hub.arrivals import Arrivals, Arrived
from hub.dead_letter import DeadLetterFile
from hub.errors import StoreError
from hub.presence import Presence
from hub.writer import Writer
from service.progress import Progress
from telemetry.ack import Ack, DeadLine
from telemetry.reading import Place
from telemetry.status import State, Status
from tests.hub.kit import EPOCH, PLACE, FakeStore, until


class NoSleep(Progress):
    """Progress whose sleeps take no time but are remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []
        self.turns = 0

    def turn(self, loop: str) -> None:
        super().turn(loop)
        self.turns += 1

    async def sleep(self, loop: str, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


@dataclass
class Desk:
    """A writer with all that it works with."""

    store: FakeStore
    folder: Path
    arrivals: Arrivals = field(default_factory=lambda: Arrivals(1 << 20))
    presence: Presence = field(default_factory=Presence)
    alarm: Alarm = field(default_factory=Alarm)
    progress: NoSleep = field(default_factory=NoSleep)
    said: list[tuple[Place, Ack, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.path = self.folder / "dead-letter.jsonl"
        self.writer = Writer(
            self.store,
            self.arrivals,
            presence=self.presence,
            dead_letters=DeadLetterFile(self.path, 1 << 20),
            alarm=self.alarm,
            progress=self.progress,
        )
        self.writer.acknowledge = lambda place, ack, due: self.said.append((place, ack, due))

    @property
    def acks(self) -> list[Ack]:
        return [ack for _, ack, _ in self.said]

    async def put(self, number: int, said: Iterable[bytes], *, place: Place = PLACE, dead: int = 0) -> None:
        some = tuple(said)
        refused = tuple(DeadLine(len(some) + n + 1, "refused before") for n in range(dead))
        await self.arrivals.put(Arrived(place, EPOCH, number, some, tuple(range(1, len(some) + 1)), refused))

    async def acknowledged(self, count: int) -> list[Ack]:
        await until(lambda: len(self.said) >= count, f"{count} acknowledgements")
        return self.acks

    def letters(self) -> list[dict[str, object]]:
        return [json.loads(text) for text in self.path.read_text().splitlines()] if self.path.exists() else []


@asynccontextmanager
async def working(desk: Desk) -> AsyncIterator[Desk]:
    """Run the writer until the block ends."""
    task = asyncio.create_task(desk.writer.run(), name="writer")
    try:
        yield desk
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def desk(folder: Path, script: Iterable[StoreError | None] = (), *, store: FakeStore | None = None) -> Desk:
    return Desk(store or FakeStore(script=script), folder)


def status(state: State) -> Status:
    return Status(state, "0.1.0", "now")
