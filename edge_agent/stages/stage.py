"""What a stage is, and a source whose readings go through some."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from typing import Protocol, Self

from edge_agent.errors import SourceLost
from edge_agent.sources.source import Source
from edge_agent.taken import Taken


class Stage(Protocol):
    """Takes each reading of one sensor and returns what becomes of it."""

    def take(self, taken: Taken) -> Iterable[Taken]:
        """Return the reading, perhaps marked or corrected, or what it brings to an end."""
        ...

    def finish(self, sensor: str, at: int) -> Iterable[Taken]:
        """Return what is still to be told when the sensor ends or is lost."""
        ...


class Staged:
    """Source: another one, whose readings pass through stages."""

    def __init__(self, source: Source, stages: Sequence[Stage]) -> None:
        """Take the source and its stages in their order."""
        self._source = source
        self._stages = stages
        self._unsaid: list[Taken] = []
        self.vitals = source.vitals

    async def __aenter__(self) -> Self:
        """Open the source; raises SourceLost."""
        await self._source.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Close it."""
        await self._source.__aexit__(*exception)

    def end(self) -> None:
        """Ask it to come to its end."""
        self._source.end()

    async def readings(self) -> AsyncGenerator[Taken, None]:
        """Yield what the stages make of its readings; raises SourceLost."""
        unsaid, self._unsaid = self._unsaid, []
        for taken in unsaid:
            yield taken
        try:
            async with aclosing(self._source.readings()) as readings:
                async for taken in readings:
                    for made in self._through([taken], self._stages):
                        yield made
        except SourceLost:
            self._unsaid = self._finished()
            raise
        for made in self._finished():
            yield made

    def _through(self, readings: list[Taken], stages: Sequence[Stage]) -> list[Taken]:
        for stage in stages:
            readings = [made for taken in readings for made in stage.take(taken)]
        return readings

    def _finished(self) -> list[Taken]:
        """Return what the stages still have to tell, each through those behind it."""
        told: list[Taken] = []
        for number, stage in enumerate(self._stages, start=1):
            last = list(stage.finish(self.vitals.sensor, time.monotonic_ns()))
            told += self._through(last, self._stages[number:])
        return told
