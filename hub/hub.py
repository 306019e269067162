"""The hub's composition root: wires inlet, store and acknowledgements, runs them, and stops them in order."""

from __future__ import annotations

import asyncio
import logging
import secrets
from pathlib import Path
from typing import Any

from hub.acks import Acks
from hub.alarm import Alarm
from hub.arrivals import Arrivals
from hub.config import HubSettings
from hub.dead_letter import DeadLetterFile
from hub.inlet import Inlet
from hub.presence import Presence
from hub.registry import Registry
from hub.stores.make import made
from hub.stores.store import Store
from hub.writer import Writer
from service import status_file
from service.backoff import Backoff
from service.heartbeat import beat
from service.mqtt import BrokerLost, Link, connected
from service.notify import Notifier
from service.progress import Progress
from service.tasks import together
from telemetry.topic import Channel, everyone

_LOG = logging.getLogger(__name__)
_MEGABYTE = 1024 * 1024
_ARRIVALS_BYTES = 32 * _MEGABYTE
_MESSAGES_QUEUED = 4_096
_LONGEST_WAIT = 15.0


class Hub:
    """Takes what agents say and acknowledges it when the store has it; keeps no state that matters."""

    def __init__(self, settings: HubSettings, *, status_file: Path | None = None, store: Store | None = None) -> None:
        """Wire everything; raises UnusableSecret for a password or token file that cannot be read."""
        self._settings = settings
        self._status_file = status_file
        self._progress = Progress()
        self._notifier = Notifier()
        self._name = f"simpang-hub-{secrets.token_hex(5)}"
        self.store = store or made(settings.store)
        self.alarm = Alarm()
        self.acks = Acks(self.store, self.alarm, self._progress)
        self.presence = Presence()
        self._online = False
        dead_letters = DeadLetterFile(settings.dead_letter.path, settings.dead_letter.limit_mb * _MEGABYTE)
        registry = Registry(settings.agents, is_open=settings.registration == "open")
        arrivals = Arrivals(_ARRIVALS_BYTES)
        self.inlet = Inlet(registry, arrivals, self.presence, dead_letters, settings.times, self.alarm)
        self.writer = Writer(
            self.store,
            arrivals,
            presence=self.presence,
            dead_letters=dead_letters,
            alarm=self.alarm,
            progress=self._progress,
        )
        self.writer.acknowledge = self.acks.put

    async def run(self, stop: asyncio.Event) -> None:
        """Run until told to stop; what is not acknowledged by then comes again from the agents."""
        _LOG.info("hub begins: broker %s, %s", self._settings.broker, self.store.name)
        self._notifier.ready("waiting for agents")
        try:
            await together(
                hub_writer=self.writer.run(),
                hub_link=self._keep_linked(),
                hub_heartbeat=beat(
                    self._progress, self._notifier, summary=self._summary, write_status=self._write_status
                ),
                hub_stop=_until(stop),
            )
        finally:
            self._notifier.stopping()
            await self.store.close()
            self._write_status()
        _LOG.info("hub ends: %d readings stored", self.writer.done["stored"])

    async def _keep_linked(self) -> None:
        """Connect to the broker, and again whenever it is lost."""
        backoff = Backoff(longest=_LONGEST_WAIT)
        complained = ""
        while True:
            self._progress.turn("link")
            try:
                await self._session(backoff)
            except BrokerLost as error:
                self._online = False
                self.presence.forget()
                wait = backoff.failed()
                level = logging.DEBUG if str(error) == complained else logging.WARNING
                complained = str(error)
                _LOG.log(level, "%s; next try in %.0f s", error, wait)
                await self._progress.sleep("link", wait)

    async def _session(self, backoff: Backoff) -> None:
        broker = self._settings.broker
        async with connected(broker, name=self._name, queue=_MESSAGES_QUEUED, is_kept=_is_status) as link:
            await together(
                hub_subscribe=self._subscribe(link, backoff),
                hub_inlet=self._take_in(link),
                hub_acks=self.acks.publish(link),
            )

    async def _subscribe(self, link: Link, backoff: Backoff) -> None:
        """Subscribe while messages are taken in already: all retained states arrive at once."""
        await link.subscribe(everyone(Channel.READINGS, group=self._settings.share_group))
        await link.subscribe(everyone(Channel.STATUS))
        _LOG.info("connected to broker %s", self._settings.broker)
        self._progress.done("link")
        self._online = True
        backoff.succeeded()
        await asyncio.Event().wait()

    async def _take_in(self, link: Link) -> None:
        async for message in link.messages():
            await self.inlet.take(message)

    def _summary(self) -> str:
        return self.alarm.why or f"{self.writer.done['stored']} readings stored"

    def figures(self) -> dict[str, Any]:
        """Return what was heard, stored and refused, and the present alarm."""
        return {
            "online": self._online,
            "heard": dict(self.inlet.heard),
            "written": dict(self.writer.done),
            "acknowledged": self.acks.said,
            "acknowledgements": {"waiting": self.acks.waiting, "refused": self.acks.refused},
            "alarm": self.alarm.why,
        }

    def _write_status(self) -> None:
        if self._status_file is not None:
            status_file.write(self._status_file, self.figures())


def _is_status(topic: str) -> bool:
    """Tell whether a message says a state, which the broker says only once to a hub that is connected."""
    return topic.endswith(Channel.STATUS)


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()
