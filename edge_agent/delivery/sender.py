"""Sends batches over a link, fresh ones before the backlog, and forgets each on the hub's word for it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from edge_agent.delivery import gaps
from edge_agent.delivery.desk import SpoolDesk
from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.lanes import Lanes
from edge_agent.delivery.metering import Meter
from edge_agent.delivery.window import Window
from service.mqtt import Link, Message
from service.progress import Progress
from telemetry import ack, batch
from telemetry.reading import Place
from telemetry.topic import Channel, topic

_LOG = logging.getLogger(__name__)
_TRIES_BEFORE_WARNING = 3


@dataclass(slots=True)
class Sent:
    """What the uplink has done since it started."""

    online: bool = False
    why: str = "not connected yet"
    sent: int = 0
    resent: int = 0
    acknowledged: int = 0
    stored: int = 0
    refused: int = 0
    ignored: int = 0


class Sender:
    """Keeps the window full from both lanes."""

    def __init__(
        self,
        place: Place,
        desk: SpoolDesk,
        window: Window,
        *,
        progress: Progress,
        compress: bool,
        meter: Meter | None = None,
    ) -> None:
        """Begin without a link; each batch sent is a turn of the loop `uplink`."""
        self._topic = topic(place, Channel.READINGS)
        self._desk = desk
        self._window = window
        self._meter = meter or Meter(0)
        self._progress = progress
        self._compress = compress
        self._lanes = Lanes()
        self._epoch = ""
        self._is_new_link = True
        self._unheard = False
        self.sent = Sent()

    def restart(self) -> None:
        """Note that the link is new: what was on its way may be lost."""
        self._is_new_link = True

    async def send_due(self, link: Link) -> None:
        """Send what is new and what is overdue; raises BrokerLost or SpoolUnwritable."""
        await self._fall_in()
        await self._admit()
        for number in self._window.due(time.monotonic()):
            await self._send(link, number)

    def next_due(self) -> float | None:
        """Return the monotonic time of the next send, None if only news can bring one."""
        due = self._window.next_due(time.monotonic())
        if self._lanes.has_backlog and self._window.free(is_fresh=False):
            return min(self._meter.ready_at(), due if due is not None else self._meter.ready_at())
        return due

    async def _fall_in(self) -> None:
        """Sort what waits into the lanes, on a new link and where another spool has taken over."""
        if not self._is_new_link and self._epoch == self._desk.epoch:
            return
        newest = await self._desk.newest()
        if self._epoch != self._desk.epoch:
            self._window.restart()
            self._lanes = Lanes()
            self._epoch = self._desk.epoch
        self._lanes.restart(newest, self._window.restart())
        self._is_new_link = False

    async def _admit(self) -> None:
        now = time.monotonic()
        await self._admit_fresh(now)
        free = self._window.free(is_fresh=False)
        if free and self._lanes.has_backlog and now >= self._meter.ready_at():
            await self._admit_backlog(1 if self._meter.rate else free)

    async def _admit_fresh(self, now: float) -> None:
        is_stuck = self._window.is_stuck(now)
        room = 1 if is_stuck else self._window.free(is_fresh=True)
        fresh, newest_late = await self._desk.fresh_after(self._lanes.fresh, limit=room)
        if fresh and is_stuck and not self._window.free(is_fresh=True):
            self._lanes.put_back(self._window.release_stalest())
        self._window.admit([n for n in fresh if not self._window.awaits(n)], now, is_fresh=True)
        self._lanes.fresh = max([self._lanes.fresh, *fresh])
        self._lanes.see_late(newest_late)

    async def _admit_backlog(self, free: int) -> None:
        waiting = await self._desk.after(self._lanes.backlog, limit=free + self._window.in_flight)
        backlog = [n for n in waiting if n <= self._lanes.split and not self._window.awaits(n)][:free]
        if not backlog:
            self._lanes.drained()
            return
        self._window.admit(backlog, time.monotonic(), is_fresh=False)
        self._lanes.backlog = backlog[-1]

    async def _send(self, link: Link, number: int) -> None:
        self._progress.turn("uplink")
        payload = await self._desk.payload(number)
        if payload is None or not self._window.awaits(number):
            self._window.settle(number)
            return
        readable = payload if self._compress else batch.decode(payload).document()
        now = time.monotonic()
        tries = self._window.sent(number, now)
        if not self._window.is_fresh(number):
            self._meter.spend(len(readable), now)
        await link.publish(Message(self._topic, readable))
        self.sent.sent += 1
        self.sent.resent += tries > 1
        if tries == _TRIES_BEFORE_WARNING and not self._unheard:
            self._unheard = True
            _LOG.warning(
                "batch %d was sent %d times and the hub has not acknowledged it; is a hub running on this broker, "
                "does it list this agent, does the access list (ACL) let this agent publish under its user name, "
                "is the hub's store up?",
                number, tries,
            )  # fmt: skip

    async def take(self, heard: ack.Ack) -> None:
        """Forget an acknowledged batch; what the hub refused of it becomes a gap. Raises SpoolUnwritable."""
        if heard.epoch != self._desk.epoch or not self._window.awaits(heard.batch):
            self.sent.ignored += 1
            return
        lines = await self._desk.lines(heard.batch)
        if lines is not None and not heard.accounts_for(lines):
            self.sent.ignored += 1
            _LOG.warning("the hub's word on batch %d does not account for its %d lines: ignored", heard.batch, lines)
            return
        await self._desk.forget(heard.batch, *(await self._missing(heard) if heard.dead else ()))
        self._window.heard(heard.batch, time.monotonic())
        self.sent.acknowledged += 1
        self._unheard = False
        self.sent.stored += heard.stored
        self.sent.refused += len(heard.dead)

    async def _missing(self, heard: ack.Ack) -> tuple[list[Gap], list[Gap]]:
        """Return the gaps that the hub's refusals leave, and those that refused gap readings do not tell now."""
        payload = await self._desk.payload(heard.batch)
        if payload is None:
            return [], []
        lines = batch.decode(payload).body.splitlines(keepends=True)
        dead = [lines[d.line - 1] for d in heard.dead if 1 <= d.line <= len(lines)]
        first = heard.dead[0]
        _LOG.warning("the hub refused %d lines of batch %d; line %d: %s", len(dead), heard.batch, first.line, first.why)
        readings = b"".join(line for line in dead if not line.startswith(b"gap,"))
        told = b"".join(line for line in dead if line.startswith(b"gap,"))
        return gaps.numbered(readings, Cause.REFUSED), [*gaps.told(told), *gaps.numbered(told, Cause.REFUSED)]
