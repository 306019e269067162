"""Acknowledgements on their way out; losing one is harmless, since the batch comes again and is stored again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass

from hub.alarm import Alarm
from hub.errors import Hold, TryAgain
from hub.stores.store import Store
from service.backoff import Backoff
from service.mqtt import Link, Message
from service.progress import Progress
from telemetry.ack import Ack
from telemetry.reading import Place
from telemetry.topic import Channel, topic

_LOG = logging.getLogger(__name__)
_MOST = 10_000
_STEP = 0.5
"""Seconds in which held acknowledgements fall due together, so that one question to the store serves them all."""

_LOOP = "acks"


@dataclass(frozen=True, slots=True)
class _Held:
    due: float
    begun: float
    message: Message


class Acks:
    """Holds each acknowledgement until its write is durable and there is a connection; full, it refuses the newest."""

    def __init__(self, store: Store, alarm: Alarm, progress: Progress) -> None:
        """Begin empty."""
        self._store = store
        self._alarm = alarm
        self._progress = progress
        self._held: deque[_Held] = deque()
        self._sure: deque[Message] = deque()
        self._more = asyncio.Event()
        self._backoff = Backoff(longest=10.0)
        self.said = 0
        self.refused = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._held) + len(self._sure)

    def put(self, place: Place, ack: Ack, begun: float) -> None:
        """Say an acknowledgement once its write, which began at monotonic time `begun` and is answered, is durable."""
        if self.waiting >= _MOST:
            self._refuse()
            return
        message = Message(topic(place, Channel.ACK), ack.encode())
        if self._store.durable_after > 0:
            due = time.monotonic() + self._store.durable_after
            self._held.append(_Held(due + _STEP - due % _STEP, begun, message))
        else:
            self._sure.append(message)
        self._more.set()

    def _refuse(self) -> None:
        if not self.refused:
            _LOG.warning(
                "%d acknowledgements wait already; further ones are not said, and their batches come again", _MOST
            )
        self.refused += 1

    async def publish(self, link: Link) -> None:
        """Publish until the connection is lost (BrokerLost)."""
        while True:
            while self._sure:
                await self._say(link, self._sure[0])
                self._sure.popleft()
                self.said += 1
            if self._held:
                await asyncio.sleep(max(0.0, self._held[0].due - time.monotonic()))
                await self._confirm()
            else:
                self._more.clear()
                await self._more.wait()

    async def _confirm(self) -> None:
        """Sort what is held by whether the store has run on since: what it may have forgotten is never said."""
        now = time.monotonic()
        try:
            since = await self._store.running_since()
        except (TryAgain, Hold) as error:
            self._alarm.raise_for(f"{error}; acknowledgements wait until it tells since when it runs", kind=_LOOP)
            await asyncio.sleep(self._backoff.failed())
            return
        self._backoff.succeeded()
        self._alarm.clear(kind=_LOOP)
        kept = [held for held in self._held if held.begun > since]
        if len(kept) < len(self._held):
            lost = len(self._held) - len(kept)
            _LOG.warning("%s has begun anew; %d batches that it may have lost come again", self._store.name, lost)
        self._sure.extend(held.message for held in kept if held.due <= now)
        self._held = deque(held for held in kept if held.due > now)

    async def _say(self, link: Link, message: Message) -> None:
        """Publish one; only then is this loop at work, and watched."""
        self._progress.turn(_LOOP)
        try:
            await link.publish(message)
        finally:
            self._progress.done(_LOOP)
