"""Writes arrived batches to the store, many agents' at once, and acknowledges each only when the store has it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from hub.alarm import Alarm
from hub.arrivals import Arrivals, Arrived
from hub.dead_letter import DeadLetter, DeadLetterFile
from hub.errors import Hold, TooSlow, TryAgain
from hub.pace import Pace
from hub.presence import Presence
from hub.settling import Outcome, settle_batches
from hub.stores.store import Store
from service.backoff import Backoff
from service.progress import Progress
from telemetry.ack import Ack, DeadLine
from telemetry.reading import Place
from telemetry.topic import Channel, topic

_LOG = logging.getLogger(__name__)
_MOST_LINES = 5_000
_PRESENCE_SECONDS = 60.0
_IDLE_SECONDS = 1.0
_HOLD_SECONDS = 10.0
_LONGEST_WAIT = 300.0
_TRIES_BEFORE_ALARM = 5
_LIMIT = "limit"
_LIMIT_SECONDS = 300.0
"""How long after a limit was met the alarm goes on; agents send again far sooner."""

_PRESENCE_LINES = 100
_LOOP = "writer"

Acknowledge = Callable[[Place, Ack, float], None]
"""Takes an acknowledgement and the monotonic time at which its write began."""

Done = TypeVar("Done")


class Writer:
    """Takes batches, settles their lines with the store, and hands out acknowledgements."""

    def __init__(
        self,
        store: Store,
        arrivals: Arrivals,
        *,
        presence: Presence,
        dead_letters: DeadLetterFile,
        alarm: Alarm,
        progress: Progress,
    ) -> None:
        """Wire the writer; `acknowledge` must be set before `run`."""
        self._progress = progress
        self._store = store
        self._arrivals = arrivals
        self._presence = presence
        self._dead_letters = dead_letters
        self._alarm = alarm
        self._backoff = Backoff(longest=30.0)
        self._pace = Pace(_MOST_LINES)
        self._presence_due = 0.0
        self._limited_until = 0.0
        self.acknowledge: Acknowledge
        self.done: Counter[str] = Counter()

    async def run(self) -> None:
        """Write until cancelled."""
        await self._until_done(self._store.prepare)
        _LOG.info("%s is ready", self._store.name)
        while True:
            self._progress.turn(_LOOP)
            if time.monotonic() >= self._limited_until:
                self._alarm.clear(kind=_LIMIT)
            await self._write_presence()
            try:
                async with asyncio.timeout(_IDLE_SECONDS):
                    arrived = await self._arrivals.take(_MOST_LINES)
            except TimeoutError:
                continue
            await self._write(arrived)

    async def _write(self, arrived: list[Arrived]) -> None:
        """Settle all lines of some batches, as many at once as the pace allows, and conclude each batch."""
        while arrived:
            outcomes = await self._settled([batch.lines for batch in arrived])
            for batch, outcome in zip(arrived, outcomes, strict=False):
                if outcome.limit:
                    self._meet_limit(f"{batch.place.site}/{batch.place.agent} waits: {outcome.limit}")
                else:
                    self._acknowledge(batch, outcome)
            arrived = arrived[len(outcomes) :]

    def _acknowledge(self, batch: Arrived, outcome: Outcome) -> None:
        dead = list(self._buried(batch, outcome.refused))
        stored = len(batch.lines) - len(dead)
        all_dead = tuple(sorted((*batch.dead, *dead), key=lambda d: d.line))
        self.acknowledge(batch.place, Ack(batch.epoch, batch.number, stored, all_dead), outcome.begun)
        self.done["batches"] += 1
        self.done["stored"] += stored
        self.done["dead"] += len(all_dead)

    def _meet_limit(self, why: str) -> None:
        """Call a person; the batch is not kept, it comes again unacknowledged."""
        self.done["limited"] += 1
        if time.monotonic() >= self._limited_until:
            self._alarm.raise_for(why, kind=_LIMIT)
        self._limited_until = time.monotonic() + _LIMIT_SECONDS

    def _buried(self, batch: Arrived, refused: Mapping[int, str]) -> Iterator[DeadLine]:
        """Put the lines of a batch that the store refused into the dead-letter file and yield them."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        name = topic(batch.place, Channel.READINGS)
        for index, line in enumerate(batch.lines):
            why = refused.get(index)
            if why is not None:
                dead = DeadLine(batch.numbers[index], why)
                text = line.decode().rstrip("\n")
                self._dead_letters.keep([DeadLetter(at, name, batch.epoch, batch.number, dead.line, why, text)])
                yield dead

    async def _write_presence(self) -> None:
        """Store who is online: changes at once, everyone once a minute."""
        now = time.monotonic()
        if now >= self._presence_due:
            self._presence_due = now + _PRESENCE_SECONDS
            lines = self._presence.everyone()
        else:
            lines = self._presence.changes()
        batches = [lines[first : first + _PRESENCE_LINES] for first in range(0, len(lines), _PRESENCE_LINES)]
        while batches:
            outcomes = await self._settled(batches)
            for limit in filter(None, (outcome.limit for outcome in outcomes)):
                self._meet_limit(f"who is online is not stored: {limit}")
            batches = batches[len(outcomes) :]

    async def _settled(self, batches: Sequence[Sequence[bytes]]) -> Sequence[Outcome]:
        """Return the outcomes of the first of these batches, at least of one."""
        return await self._until_done(partial(self._settle_first, batches))

    async def _settle_first(self, batches: Sequence[Sequence[bytes]]) -> Sequence[Outcome]:
        some, begun = self._pace.first_of(batches), time.monotonic()
        try:
            outcomes = await settle_batches(self._store_write, some)
        except TooSlow:
            self._pace.slower(some)
            raise
        self._pace.answered(some, time.monotonic() - begun)
        return outcomes

    async def _store_write(self, lines: Sequence[bytes]) -> None:
        """Write once; finding refused lines takes many writes, and each of them is progress."""
        self._progress.turn(_LOOP)
        await self._store.write(lines)

    async def _until_done(self, work: Callable[[], Awaitable[Done]]) -> Done:
        """Do the work; while the store cannot, wait and do it again: unacknowledged, everything stays on the poles."""
        while True:
            self._progress.turn(_LOOP)
            try:
                done = await work()
            except TryAgain as error:
                await self._wait(error)
            except Hold as error:
                self._alarm.raise_for(str(error))
                self.done["held"] += 1
                await self._progress.sleep(_LOOP, _HOLD_SECONDS)
                await self._try_to_prepare()
            else:
                if self._backoff.failures:
                    _LOG.info("%s answers again", self._store.name)
                self._backoff.succeeded()
                self._alarm.clear()
                return done

    async def _wait(self, error: TryAgain) -> None:
        seconds = self._backoff.failed()
        self.done["retried"] += 1
        if self._backoff.failures == 1:
            _LOG.warning("%s; trying again", error)
        if self._backoff.failures == _TRIES_BEFORE_ALARM:
            self._alarm.raise_for(f"{error} ({_TRIES_BEFORE_ALARM} tries)")
        await self._progress.sleep(_LOOP, seconds if error.after is None else max(1.0, min(error.after, _LONGEST_WAIT)))

    async def _try_to_prepare(self) -> None:
        """Create what may be missing; the next write tells whether it helped."""
        try:
            await self._store.prepare()
        except (TryAgain, Hold) as error:
            _LOG.debug("preparing the store: %s", error)
