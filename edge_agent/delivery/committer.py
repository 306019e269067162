"""Gathers readings from all sources and commits them together, before the first has waited for a second."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from edge_agent.clock import Clock, Stamp
from edge_agent.delivery.desk import SpoolDesk
from edge_agent.errors import SpoolUnwritable
from edge_agent.taken import Taken
from service.progress import Progress

_LOG = logging.getLogger(__name__)
_QUEUE = 1_000
_MOST = 1_000
"""Readings after which a commit is made before its second is over."""
_MEMORY = 20_000
"""Readings kept in memory, newest, while the disk refuses commits."""

_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Put:
    """A reading and when it was put in: long after it was taken, where a minute's total is dated in its middle."""

    taken: Taken
    at: int


class Committer:
    """Takes readings in and makes batches of them; `on_commit` is called after each commit that made one."""

    def __init__(self, desk: SpoolDesk, clock: Clock, progress: Progress, *, seconds: float) -> None:
        """Commit no later than `seconds` after a reading was put in."""
        self._desk = desk
        self._clock = clock
        self._progress = progress
        self._seconds = seconds
        self._queue: asyncio.Queue[_Put | None] = asyncio.Queue(_QUEUE)
        self._pending: deque[_Put] = deque()
        self._stopping = False
        self.refusal = ""
        """Why the disk refuses the spool now, empty where it does not."""
        self._is_takeover_put_off = False
        self._undated = False
        self.on_commit: Callable[[], None] = lambda: None
        self.committed = 0
        self.lost_before_commit = 0
        self._lost: Counter[str] = Counter()

    @property
    def batches(self) -> int:
        """Batches committed."""
        return self._desk.made

    @property
    def in_memory(self) -> int:
        """Readings that were taken in and are not committed yet."""
        return len(self._pending) + self._queue.qsize()

    async def put(self, taken: Taken) -> None:
        """Take a reading in; waits while the queue is full."""
        await self._queue.put(_Put(taken, self._clock.monotonic_ns()))

    async def run(self) -> None:
        """Commit until told to stop, then commit the rest."""
        while not self._stopping:
            self._progress.turn("spool")
            await self._gather()
            await self._commit()
        await self._commit_rest()

    async def _commit_rest(self) -> None:
        """Commit until nothing is pending or the disk refuses a last time; what it refuses is lost, and logged."""
        self._take_all()
        self.refusal = ""
        while self._pending and not self.refusal:
            await self._commit()
        if self._pending:
            self.lost_before_commit += len(self._pending)
            _LOG.error("the spool refuses to the end: %d readings are lost", len(self._pending))

    def stop(self) -> None:
        """Let `run` commit what is there and return."""
        self._stopping = True
        if self._queue.empty():
            self._queue.put_nowait(None)

    async def _gather(self) -> None:
        """Wait for a first reading, then for more until its second is over or they are many."""
        if not self._pending:
            await self._next_within(self._seconds)
        if not self._pending:
            return
        loop = asyncio.get_running_loop()
        waited = (self._clock.monotonic_ns() - self._pending[0].at) / 10**9
        deadline = loop.time() + self._seconds - waited
        while len(self._pending) < _MOST and not self._stopping:
            if not await self._next_within(deadline - loop.time()):
                return

    async def _next_within(self, seconds: float) -> bool:
        """Move one reading from the queue to the pending ones; return False if none came in time."""
        try:
            async with asyncio.timeout(max(0, seconds)):
                self._hold(await self._queue.get())
        except TimeoutError:
            return False
        return True

    def _take_all(self) -> None:
        while not self._queue.empty():
            self._hold(self._queue.get_nowait())

    def _hold(self, put: _Put | None) -> None:
        if put is None:
            return
        if len(self._pending) >= _MEMORY:
            self._lost[self._pending.popleft().taken.sensor] += 1
            self.lost_before_commit += 1
        self._pending.append(put)

    async def _commit(self) -> None:
        """Commit the oldest of what is pending; on a refusing disk keep it and wait."""
        oldest = [put.taken for put in islice(self._pending, _MOST)]
        stamp = self._clock.stamp()
        self._tell_clock(stamp)
        if oldest or self._lost or self.refusal or self._desk.has_to_commit(stamp):
            await self._write(oldest, stamp)
        if self._desk.is_taking_over and not self.refusal:
            await self._take_over()

    async def _write(self, oldest: Sequence[Taken], stamp: Stamp | None) -> None:
        try:
            number = await self._desk.commit(oldest, stamp, self._lost)
        except SpoolUnwritable as error:
            await self._wait_out(error)
            return
        self._lost.clear()
        for _ in oldest:
            self._pending.popleft()
        self.committed += len(oldest)
        if self.refusal:
            _LOG.warning("the spool takes commits again; %d readings wait in memory", len(self._pending))
        self.refusal = ""
        if number is not None:
            self.on_commit()

    async def _take_over(self) -> None:
        """Between commits let a portion of a damaged spool come over; a refusal only puts it off."""
        try:
            await self._desk.take_over()
        except SpoolUnwritable as error:
            if not self._is_takeover_put_off:
                _LOG.error("%s; what is left of the damaged spool comes over later", error)
            self._is_takeover_put_off = True
        else:
            self._is_takeover_put_off = False

    def _tell_clock(self, stamp: Stamp | None) -> None:
        """Say once that readings wait for the clock, and once how that ended."""
        if stamp is None and not self._undated:
            _LOG.warning("nobody vouches for this computer's clock yet; readings wait for NTP (see [clock] trust)")
        elif self._undated and stamp is not None:
            how = "as estimated: nobody vouches for the clock" if stamp.quality else "the clock can be trusted"
            _LOG.warning("readings that waited for the clock are dated now; %s", how)
        self._undated = stamp is None

    async def _wait_out(self, error: SpoolUnwritable) -> None:
        if not self.refusal:
            _LOG.error("%s; readings stay in memory (%d at most) until it does not", error, _MEMORY)
        self.refusal = str(error)
        self._take_all()
        if not self._stopping:
            await asyncio.sleep(_RETRY_SECONDS)
