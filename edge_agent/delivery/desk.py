"""The spool behind its one thread, opened when it can be, so that a slow or refusing disk never holds up the agent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from edge_agent.clock import Stamp
from edge_agent.delivery.facts import NOTHING, Held
from edge_agent.delivery.gaps import Gap
from edge_agent.delivery.spool import Spool
from edge_agent.errors import AgentError, SpoolDamaged, SpoolUnwritable
from edge_agent.taken import Taken

_LOG = logging.getLogger(__name__)
_OPENING_SECONDS = 1.0
"""How long a call waits for the spool to open, which takes minutes where a large damaged one is searched."""

Answer = TypeVar("Answer")


class SpoolDesk:
    """Hands every call to the spool's thread, in order.

    Every call opens the spool if it is not open, and may raise SpoolTaken, SpoolForeign, SpoolUnusable or
    SpoolUnwritable. A spool that turns out to be damaged is closed; the next call opens the one that takes over.
    """

    def __init__(self, open_spool: Callable[[], Spool]) -> None:
        """Open nothing yet."""
        self._open_spool = open_spool
        self._spool: Spool | None = None
        self._opening: asyncio.Future[Spool] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")

    @property
    def epoch(self) -> str:
        """The spool's epoch, empty before it is open."""
        return self._spool.epoch if self._spool is not None else ""

    @property
    def is_boot_dated(self) -> bool:
        """Whether the spool knows how this boot is dated."""
        return self._spool is not None and self._spool.is_boot_dated

    @property
    def held(self) -> Held:
        """What the spool holds, as of its last change."""
        return self._spool.held if self._spool is not None else NOTHING

    @property
    def made(self) -> int:
        """Batches made since the spool was opened."""
        return self._spool.made if self._spool is not None else 0

    async def open(self) -> None:
        """Open the spool, as every other call does."""
        await self._opened()

    async def commit(
        self, taken: Sequence[Taken], stamp: Stamp | None, lost: Mapping[str, int] | None = None
    ) -> int | None:
        """Commit; see Spool.commit."""
        return await self._do(lambda spool: spool.commit(taken, stamp, lost))

    def has_to_commit(self, stamp: Stamp | None) -> bool:
        """Tell whether a commit is due without readings; see Spool.has_to_commit."""
        return self._spool is None or self._spool.has_to_commit(stamp)

    @property
    def is_taking_over(self) -> bool:
        """Whether something of a damaged spool is still to come."""
        return self._spool is not None and self._spool.is_taking_over

    async def take_over(self) -> bool:
        """Take over a portion of a damaged spool; see Spool.take_over."""
        return await self._do(lambda spool: spool.take_over())

    async def after(self, number: int, *, limit: int) -> list[int]:
        """Return batch numbers; see Spool.after."""
        return await self._do(lambda spool: spool.after(number, limit=limit))

    async def fresh_after(self, number: int, *, limit: int) -> tuple[list[int], int]:
        """Return numbers of batches that were not late, and the newest late one's; see Spool."""
        return await self._do(lambda spool: (spool.fresh_after(number, limit=limit), spool.newest_late))

    async def newest(self) -> int:
        """Return the newest batch's number; see Spool.newest."""
        return await self._do(lambda spool: spool.newest)

    async def payload(self, number: int) -> bytes | None:
        """Return a document; see Spool.payload."""
        return await self._do(lambda spool: spool.payload(number))

    async def lines(self, number: int) -> int | None:
        """Return how many readings a batch has; see Spool.lines."""
        return await self._do(lambda spool: spool.lines(number))

    async def forget(self, number: int, missing: Sequence[Gap] = (), refused: Sequence[Gap] = ()) -> None:
        """Forget a batch; see Spool.forget."""
        await self._do(lambda spool: spool.forget(number, missing, refused))

    async def close(self) -> None:
        """Close the spool and end its thread."""
        try:
            if self._opening is not None:
                self._spool = await self._opening
            if self._spool is not None:
                await self._run(self._spool.close)
        except AgentError as error:
            _LOG.error("%s", error)
        finally:
            self._thread.shutdown(wait=False)

    async def _opened(self) -> Spool:
        """Return the spool, opened if need be; one opening serves all who wait for it."""
        if self._spool is not None:
            return self._spool
        if self._opening is None:
            self._opening = asyncio.get_running_loop().run_in_executor(self._thread, self._open_spool)
        opening = self._opening
        done, _ = await asyncio.wait({opening}, timeout=_OPENING_SECONDS)
        if not done:
            raise SpoolUnwritable("the spool is still being opened; a damaged one is searched whole")
        if self._opening is opening:
            self._opening = None
            try:
                self._spool = opening.result()
            except SpoolDamaged as error:
                _LOG.error("%s", error)
                raise SpoolUnwritable(str(error)) from error
        return await self._opened()

    async def _do(self, call: Callable[[Spool], Answer]) -> Answer:
        spool = await self._opened()
        try:
            return await self._run(lambda: call(spool))
        except SpoolDamaged as error:
            if self._spool is spool:
                _LOG.error("%s", error)
                self._spool = None
                await self._run(spool.close)
            raise SpoolUnwritable(str(error)) from error

    async def _run(self, call: Callable[[], Answer]) -> Answer:
        """Run a call to its end even if the caller is cancelled, so that its outcome is never in doubt."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, call))
