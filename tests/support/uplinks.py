"""An uplink with a spool of its own, run as a task, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from edge_agent.delivery.desk import SpoolDesk
from edge_agent.delivery.sender import Sender
from edge_agent.delivery.uplink import Identity, Uplink
from edge_agent.delivery.window import Window
from edge_agent.taken import Taken
from service.broker import Broker
from service.progress import Progress
from tests.support.spooling import PLACE, STAMP, Row, opened, rows_of, taken

_PATIENCE = 15.0


@dataclass
class Rig:
    """An uplink and what it stands on."""

    desk: SpoolDesk
    uplink: Uplink
    window: Window
    progress: Progress
    task: asyncio.Task[None] | None = None

    async def commit(self, *readings: Taken) -> int:
        """Commit readings, one if none is given, and wake the uplink as the agent does."""
        number = await self.desk.commit(readings or [taken()], STAMP)
        assert number is not None
        self.uplink.wake()
        return number

    async def told(self) -> list[Row]:
        """Return what the next commit tells when there is nothing new."""
        number = await self.desk.commit([], STAMP)
        return [] if number is None else rows_of(await self.desk.payload(number))

    def start(self) -> None:
        """Run the uplink."""
        self.task = asyncio.create_task(self.uplink.run(), name="uplink")

    async def stop(self) -> None:
        """Stop the uplink as the agent does; raises what it failed with."""
        if self.task is not None:
            self.task.cancel()
            async with asyncio.timeout(_PATIENCE):
                await asyncio.wait([self.task])
            if not self.task.cancelled():
                self.task.result()


@asynccontextmanager
async def rigged(
    path: Path, broker: Broker, *, size: int = 4, resend: float = 60.0, compress: bool = True, start: bool = True
) -> AsyncIterator[Rig]:
    """Make an uplink that sends what is in the spool at a path, and end both."""
    desk = SpoolDesk(lambda: opened(path))
    await desk.open()
    window, progress = Window(size, resend, lambda: 1.0, probe_seconds=resend), Progress()
    identity = Identity(PLACE, "0.1.0", "2026-02-02T00:00:00+00:00")
    sender = Sender(PLACE, desk, window, progress=progress, compress=compress)
    uplink = Uplink(identity, broker, desk, sender, progress=progress)
    rig = Rig(desk, uplink, window, progress)
    if start:
        rig.start()
    try:
        yield rig
        await rig.stop()
    finally:
        await rig.stop()
        await desk.close()


def readings(values: Sequence[float], sensor: str = "dust") -> list[Taken]:
    """Return readings of some values."""
    return [taken(value, sensor) for value in values]
