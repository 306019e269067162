"""Acknowledgements on their way out; losing one is harmless, since the batch comes again and is stored again."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from service.mqtt import Link, Message
from service.progress import Progress
from telemetry.ack import Ack
from telemetry.reading import Place
from telemetry.topic import Channel, topic

_MOST = 10_000
_LOOP = "acks"


class Acks:
    """Holds each acknowledgement until its time has come and there is a connection; when full, the oldest is lost."""

    def __init__(self, progress: Progress) -> None:
        """Begin empty."""
        self._progress = progress
        self._waiting: deque[tuple[float, Message]] = deque(maxlen=_MOST)
        self._more = asyncio.Event()
        self.said = 0

    def put(self, place: Place, ack: Ack, due: float) -> None:
        """Say an acknowledgement from monotonic time `due` on."""
        self._waiting.append((due, Message(topic(place, Channel.ACK), ack.encode())))
        self._more.set()

    async def publish(self, link: Link) -> None:
        """Publish until the connection is lost (BrokerLost)."""
        while True:
            await self._more.wait()
            while self._waiting:
                due, message = self._waiting[0]
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await self._say(link, message)
                self._waiting.popleft()
                self.said += 1
            self._more.clear()

    async def _say(self, link: Link, message: Message) -> None:
        """Publish one; only then is this loop at work, and watched."""
        self._progress.turn(_LOOP)
        try:
            await link.publish(message)
        finally:
            self._progress.done(_LOOP)
