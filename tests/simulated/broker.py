"""A model of an MQTT broker and the network to it, as bad as the real ones can be."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from service.mqtt import KEEPALIVE, BrokerLost, Message
from tests.simulated.link import ModelLink
from tests.simulated.process import CURRENT
from tests.simulated.trace import Trace

_PUBACK_TIMEOUT = 15.0


@dataclass
class Weather:
    """How bad it is at present; each figure is a share of the messages, or seconds."""

    slowest: float = 0.05
    lost: float = 0.0
    """Said PUBACK for, then lost."""
    doubled: float = 0.0
    late: float = 0.0
    latest: float = 60.0
    """Seconds that a late message takes at most; those behind it overtake it."""
    breaks: float = 0.0
    """Connections that break with a publish, before or after the broker has it."""
    denied: str = ""
    """The end of the topics whose messages the access list refuses, with a PUBACK all the same."""


class Broker:
    """Takes connections, keeps retained messages and hands on what is said."""

    def __init__(self, rng: random.Random, trace: Trace) -> None:
        self.rng = rng
        self.trace = trace
        self.weather = Weather()
        self.up = True
        self.links: dict[str, ModelLink] = {}
        self.retained: dict[str, Message] = {}
        self.watch: Callable[[str, Message], None] = lambda _name, _message: None
        """Sees whatever the broker receives."""
        self._turn: dict[str, int] = {}

    @contextlib.asynccontextmanager
    async def connected(
        self,
        _broker: object,
        *,
        name: str,
        queue: int,
        will: Message | None = None,
        is_kept: Callable[[str], bool] = lambda _: False,
    ) -> AsyncIterator[ModelLink]:
        """Stand for service.mqtt.connected."""
        process = CURRENT.get()
        await asyncio.sleep(self.rng.uniform(0.001, self.weather.slowest))
        if not (self.up and process.host.reachable and process.alive):
            raise BrokerLost("the simulated broker is out of reach")
        if name in self.links:
            self.links[name].lose("another client has the same name")
        link = ModelLink(self, process, name, will=will, queue=queue, is_kept=is_kept)
        self.links[name] = link
        process.on_kill.append(link.die)
        self.trace.note("connected", name)
        try:
            yield link
        finally:
            process.on_kill.remove(link.die)
            link.leave()

    def drop(self, link: ModelLink, *, graceful: bool) -> None:
        """Forget a connection; one that did not take its leave has its will said."""
        if self.links.get(link.name) is link:
            del self.links[link.name]
            if not graceful and link.will is not None and self.up:
                self.receive(link, link.will)

    def receive(self, link: ModelLink, message: Message) -> None:
        """Take a message and hand it on, or not."""
        self.watch(link.name, message)
        if self.weather.denied and message.topic.endswith(self.weather.denied):
            return
        if message.retain:
            self.retained[message.topic] = message
        elif self.rng.random() < self.weather.lost:
            return
        self.hand_on(message)

    def hand_on(self, message: Message) -> None:
        """Send a message to whoever subscribes, once to each, and to one of each group."""
        for link in self._audience(message.topic):
            for _ in range(2 if self.rng.random() < self.weather.doubled else 1):
                self.send(link, message)

    def send(self, link: ModelLink, message: Message) -> None:
        """Put a message on the way; in order, but for late ones."""
        loop = asyncio.get_running_loop()
        if self.rng.random() < self.weather.late and not message.retain:
            at = loop.time() + self.rng.uniform(1.0, self.weather.latest)
        else:
            at = max(link.last_arrival + 1e-6, loop.time() + self.rng.uniform(0.001, self.weather.slowest))
            link.last_arrival = at
        loop.call_at(at, self._arrive, link, message)

    def _arrive(self, link: ModelLink, message: Message) -> None:
        """Deliver to the connection, or to the client's next one where the message is late."""
        self.links.get(link.name, link).hear(message)

    def _audience(self, topic: str) -> list[ModelLink]:
        audience: list[ModelLink] = []
        groups: dict[str, list[ModelLink]] = {}
        for link in self.links.values():
            for subscribed in link.filters:
                group, wanted = _group(subscribed)
                if not matches(wanted, topic):
                    continue
                if group is None:
                    audience.append(link)
                else:
                    groups.setdefault(group, []).append(link)
        return audience + [self._next_of(name, members) for name, members in groups.items()]

    def _next_of(self, group: str, members: list[ModelLink]) -> ModelLink:
        self._turn[group] = self._turn.get(group, 0) + 1
        return members[self._turn[group] % len(members)]

    async def crash(self, seconds: float, *, forgets: bool) -> None:
        """Lose all connections and all that is on its way, and come back."""
        self.up = False
        for link in list(self.links.values()):
            link.lose("the broker died")
        self.links.clear()
        if forgets:
            self.retained.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.up = True

    async def pass_up(self, link: ModelLink, message: Message) -> None:
        """Carry a message from a client to the broker and its PUBACK back; raises BrokerLost."""
        if link.is_half_open:
            await link.wait(_PUBACK_TIMEOUT)
            link.lose("timed out")
            link.check()
        breaks = self.rng.random() if self.rng.random() < self.weather.breaks else 1.0
        await link.wait(self.rng.uniform(0.001, self.weather.slowest))
        if breaks < 0.5:
            link.lose("the connection broke")
        link.check()
        self.receive(link, message)
        if breaks < 1.0:
            link.lose("the connection broke")
        await link.wait(self.rng.uniform(0.001, self.weather.slowest))

    def go_half_open(self, link: ModelLink) -> None:
        """Let nothing pass any more, until both ends notice, be it after the faults are over."""
        link.is_half_open = True
        noticed = self.rng.uniform(KEEPALIVE, 2 * KEEPALIVE)
        asyncio.get_running_loop().call_later(noticed, link.lose, "no answer to a ping")


def _group(wanted: str) -> tuple[str | None, str]:
    if not wanted.startswith("$share/"):
        return None, wanted
    _, group, inner = wanted.split("/", 2)
    return group, inner


def matches(wanted: str, topic: str) -> bool:
    """Tell whether a filter with `+` takes a topic."""
    if wanted == topic:
        return True
    asked, said = wanted.split("/"), topic.split("/")
    return len(asked) == len(said) and all(a in ("+", s) for a, s in zip(asked, said, strict=True))


def any_link(broker: Broker, sign: str, pick: Callable[[list[Any]], Any]) -> ModelLink | None:
    """Return one of the connections whose name holds a text, None without any."""
    found = [link for name, link in sorted(broker.links.items()) if sign in name]
    return pick(found) if found else None
