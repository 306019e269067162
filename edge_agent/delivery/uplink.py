"""Sends batches to the hub until it acknowledges them, over whatever connection there is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass

from edge_agent.delivery.desk import SpoolDesk
from edge_agent.delivery.sender import Sender
from edge_agent.errors import SpoolUnwritable
from service.backoff import Backoff
from service.mqtt import BrokerLost, Link, Message, connected
from service.progress import Progress
from service.reach import Reach
from service.tasks import together
from telemetry import ack
from telemetry.errors import BadAck
from telemetry.reading import Place
from telemetry.status import State, Status
from telemetry.topic import Channel, topic

_LOG = logging.getLogger(__name__)
_ACKS_QUEUED = 256
_TURN_SECONDS = 5.0
_LONGEST_WAIT = 20.0
_FAREWELL = 1.0
_DISK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Who speaks: place, version of the software, ISO time since which it runs."""

    place: Place
    version: str
    since: str


class Uplink:
    """Keeps a connection to the broker and the window full; forgets a batch only on the hub's word for it."""

    def __init__(
        self,
        identity: Identity,
        broker: Reach,
        desk: SpoolDesk,
        sender: Sender,
        *,
        progress: Progress,
    ) -> None:
        """Wire the uplink."""
        self._identity = identity
        self._place = identity.place
        self._broker = broker
        self._desk = desk
        self._progress = progress
        self._sender = sender
        self.sent = sender.sent
        self._wake = asyncio.Event()
        self._refused = False
        self.delivered = asyncio.Event()

    def wake(self) -> None:
        """Say that there is something new to send."""
        self.delivered.clear()
        self._wake.set()

    async def run(self) -> None:
        """Connect, deliver, and connect again when the link is lost, until cancelled."""
        backoff = Backoff(longest=_LONGEST_WAIT)
        while True:
            self._progress.turn("uplink")
            try:
                await self._session(backoff)
            except BrokerLost as error:
                wait = self._lost(str(error), backoff)
                await self._progress.sleep("uplink", wait)

    def _lost(self, why: str, backoff: Backoff) -> float:
        level = logging.WARNING if self.sent.online or self.sent.why != why else logging.DEBUG
        self.sent.online, self.sent.why = False, why
        wait = backoff.failed()
        _LOG.log(level, "%s; readings wait in the spool, next try in %.0f s", why, wait)
        return wait

    async def _session(self, backoff: Backoff) -> None:
        """Deliver over one connection; raises BrokerLost when it ends."""
        will = self._status(State.LOST)
        name = f"simpang/{self._place.site}/{self._place.agent}"
        async with connected(self._broker, name=name, queue=_ACKS_QUEUED, will=will) as link:
            await link.subscribe(topic(self._place, Channel.ACK))
            await link.publish(self._status(State.ONLINE))
            _LOG.info("connected to broker %s", self._broker)
            backoff.succeeded()
            self.sent.online, self.sent.why = True, ""
            self._sender.restart()
            try:
                await together(uplink_send=self._send(link), uplink_listen=self._listen(link))
            except asyncio.CancelledError:
                await self._take_leave(link)
                raise

    async def _take_leave(self, link: Link) -> None:
        """Say that the agent stops; a broker that does not answer at once says `lost` in its place."""
        with contextlib.suppress(BrokerLost, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await link.publish(self._status(State.STOPPING))

    async def _send(self, link: Link) -> None:
        """Keep the window full and resend what is overdue."""
        while True:
            self._progress.turn("uplink")
            self._wake.clear()
            try:
                await self._sender.send_due(link)
            except SpoolUnwritable as error:
                await self._wait_out(error)
            else:
                self._refused = False
                await self._pause()

    async def _wait_out(self, error: SpoolUnwritable) -> None:
        """Wait for a disk that cannot be read; the link stays, and says that the agent is there."""
        if not self._refused:
            _LOG.error("%s; what waits is sent as soon as it can be read", error)
        self._refused = True
        await self._progress.sleep("uplink", _DISK_SECONDS)

    async def _pause(self) -> None:
        """Wait until something is committed or acknowledged, or a resend is due."""
        due = self._sender.next_due()
        until_due = _TURN_SECONDS if due is None else max(0.0, due - time.monotonic())
        try:
            async with asyncio.timeout(min(_TURN_SECONDS, until_due)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _listen(self, link: Link) -> None:
        """Take in acknowledgements."""
        async for message in link.messages():
            try:
                heard = ack.decode(message.payload)
            except BadAck as error:
                self.sent.ignored += 1
                _LOG.debug("ignored: %s", error)
                continue
            with contextlib.suppress(SpoolUnwritable):  # the batch is sent again, and so is the hub's word
                await self._take(heard)

    async def _take(self, heard: ack.Ack) -> None:
        await self._sender.take(heard)
        self._wake.set()
        if not self._desk.held.batches:
            self.delivered.set()

    def _status(self, state: State) -> Message:
        said = Status(state, self._identity.version, self._identity.since)
        return Message(topic(self._place, Channel.STATUS), said.encode(), retain=True)
