"""What a stage is, and a source whose readings go through some."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol, Self

from edge_agent.sources.source import Source
from edge_agent.taken import Taken


class Stage(Protocol):
    """Takes each reading of one sensor and returns what becomes of it."""

    def take(self, taken: Taken) -> Taken:
        """Return the reading, perhaps marked or corrected; never lose it."""
        ...


class Staged:
    """Source: another one, whose readings pass through stages."""

    def __init__(self, source: Source, stages: Sequence[Stage]) -> None:
        """Take the source and its stages in their order."""
        self._source = source
        self._stages = stages
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
        async with aclosing(self._source.readings()) as readings:
            async for taken in readings:
                for stage in self._stages:
                    taken = stage.take(taken)  # noqa: PLW2901  each stage hands it to the next
                yield taken
