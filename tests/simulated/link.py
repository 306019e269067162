"""One client's connection in the simulated world, with the methods of service.mqtt.Link."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from service.inbox import Inbox
from service.mqtt import BrokerLost, Message
from tests.simulated.process import Process

if TYPE_CHECKING:
    from tests.simulated.broker import Broker


class ModelLink:
    """Publishes, subscribes, hears; raises BrokerLost once it is lost."""

    def __init__(
        self,
        broker: Broker,
        process: Process,
        name: str,
        *,
        will: Message | None,
        queue: int,
        is_kept: Callable[[str], bool],
    ) -> None:
        self._broker = broker
        self.process = process
        self.name = name
        self.will = will
        self.most = queue
        self.inbox = Inbox(queue, is_kept=is_kept)
        self.filters: list[str] = []
        self.last_arrival = 0.0
        self.is_half_open = False
        self._why = ""
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._news = asyncio.Event()

    def check(self) -> None:
        """Raise BrokerLost where it is lost."""
        if self._why:
            raise BrokerLost(f"simulated: {self._why}")

    async def wait(self, seconds: float) -> None:
        """Wait, or raise BrokerLost as soon as the connection is lost."""
        self.check()
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        timer = loop.call_later(seconds, _resolve, done)
        self._waiting[done] = None
        try:
            await done
        finally:
            timer.cancel()
            self._waiting.pop(done, None)
        self.check()

    def lose(self, why: str) -> None:
        """Break the connection; the broker says the client's will."""
        if not self._why:
            self._why = why
            for done in self._waiting:
                _resolve(done)
            self._news.set()
            self._broker.drop(self, graceful=False)

    def die(self) -> None:
        """End with the process that holds it."""
        self.lose("its process was killed")

    def leave(self) -> None:
        """Take leave of the broker, if the connection still stands."""
        if not self._why:
            self._why = "closed"
            self._broker.drop(self, graceful=not self.is_half_open)

    async def publish(self, message: Message) -> None:
        await self._broker.pass_up(self, message)

    async def subscribe(self, topic: str) -> None:
        if self.is_half_open:
            await self.wait(15.0)
            self.lose("timed out")
        await self.wait(0.002)
        self.filters.append(topic)
        for message in list(self._broker.retained.values()):
            if topic.endswith(message.topic.rsplit("/", 1)[1]):
                self._broker.send(self, message)

    async def messages(self) -> AsyncIterator[Message]:
        while True:
            while self.inbox.empty():
                self.check()
                self._news.clear()
                await self._news.wait()
            self.check()
            yield self.inbox.get_nowait()

    def hear(self, message: Message) -> None:
        """Take in what arrives; what finds no room is dropped."""
        if self._why or self.is_half_open:
            return
        with contextlib.suppress(asyncio.QueueFull):
            self.inbox.put_nowait(message)
            self._news.set()


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
