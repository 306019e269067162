"""The spool behind its one thread, so that a slow disk never holds up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from edge_agent.clock import Stamp
from edge_agent.delivery.batch_table import Held
from edge_agent.delivery.gaps import Gap
from edge_agent.delivery.spool import Spool
from edge_agent.taken import Taken

Answer = TypeVar("Answer")


class SpoolDesk:
    """Hands every call to the spool's thread, in order."""

    def __init__(self, spool: Spool) -> None:
        """Take the spool; nobody else uses it from now on."""
        self._spool = spool
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self.epoch = spool.epoch

    @property
    def held(self) -> Held:
        """What the spool holds, as of its last change."""
        return self._spool.held

    @property
    def made(self) -> int:
        """Batches made since the spool was opened."""
        return self._spool.made

    async def commit(
        self, taken: Sequence[Taken], stamp: Stamp | None, lost: Mapping[str, int] | None = None
    ) -> int | None:
        """Commit; see Spool.commit."""
        return await self._do(lambda: self._spool.commit(taken, stamp, lost))

    async def after(self, number: int, *, limit: int) -> list[int]:
        """Return batch numbers; see Spool.after."""
        return await self._do(lambda: self._spool.after(number, limit=limit))

    async def payload(self, number: int) -> bytes | None:
        """Return a document; see Spool.payload."""
        return await self._do(lambda: self._spool.payload(number))

    async def lines(self, number: int) -> int | None:
        """Return how many readings a batch has; see Spool.lines."""
        return await self._do(lambda: self._spool.lines(number))

    async def forget(self, number: int, missing: Sequence[Gap] = ()) -> None:
        """Forget a batch; see Spool.forget."""
        await self._do(lambda: self._spool.forget(number, missing))

    async def close(self) -> None:
        """Close the spool and end its thread."""
        await self._do(self._spool.close)
        self._thread.shutdown()

    async def _do(self, call: Callable[[], Answer]) -> Answer:
        """Run a call to its end even if the caller is cancelled, so that its outcome is never in doubt."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, call))
