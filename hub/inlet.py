"""Takes in what agents say: decodes, checks against schema and registry, and queues what may be stored."""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from hub.alarm import Alarm
from hub.arrivals import Arrivals, Arrived
from hub.clock_witnesses import ClockWitnesses
from hub.config import Times
from hub.dead_letter import DeadLetter, DeadLetterFile
from hub.presence import Presence
from hub.registry import Registry
from service.mqtt import Message
from service.wall_clock import is_set
from telemetry import batch as batches
from telemetry import status as statuses
from telemetry.ack import DeadLine
from telemetry.batch import Batch
from telemetry.check import Checked, TimeWindow, check, span
from telemetry.errors import BadBatch, BadStatus, BadTopic
from telemetry.reading import Place
from telemetry.schema import SENSORS
from telemetry.topic import Channel, parse, topic

_LOG = logging.getLogger(__name__)
_DAY_NS = 86_400 * 10**9
_MINUTE_NS = 60 * 10**9
_WHOLE_MESSAGE = 0
_MOST_COMPLAINTS = 1_000
_CLOCK = "clock"
_REFUSED_GAP = re.compile(rb"gap,[^ ]*,cause=refused ")
_SURELY_WRONG_NS = 2 * _DAY_NS
_ALARM_LASTS_SECONDS = 120.0
"""Longer than an agent waits at most before it sends a batch again."""


class Inlet:
    """Judges one message at a time."""

    def __init__(
        self,
        registry: Registry,
        arrivals: Arrivals,
        presence: Presence,
        dead_letters: DeadLetterFile,
        times: Times,
        alarm: Alarm,
    ) -> None:
        """Wire the inlet."""
        self._registry = registry
        self._arrivals = arrivals
        self._presence = presence
        self._dead_letters = dead_letters
        self._times = times
        self._alarm = alarm
        self._now: Callable[[], int] = time.time_ns
        self._witnesses = ClockWitnesses()
        self._monotonic: Callable[[], float] = time.monotonic
        self._held_for_time: dict[Place, float] = {}
        """When a batch of an agent last waited for its time, monotonic seconds."""
        self._complained: set[str] = set()
        self.heard: Counter[str] = Counter()

    async def take(self, message: Message) -> None:
        """Queue, note or refuse a message; nothing that it holds can raise."""
        try:
            place, channel = parse(message.topic)
        except BadTopic as error:
            self._ignore("topic", str(error))
            return
        if not self._registry.knows(place):
            self._refuse_stranger(place, message)
        elif channel is Channel.READINGS:
            await self._readings(place, message)
        elif channel is Channel.STATUS:
            self._status(place, message)

    async def _readings(self, place: Place, message: Message) -> None:
        if not is_set(self._now() // 10**6):
            self._ignore("clock", "this hub's clock is not set; readings wait on the poles until it is")
            return
        try:
            batch = batches.decode(message.payload)
        except BadBatch as error:
            self._ignore("batch", f"from {place.site}/{place.agent}: {error}")
            self._keep(place, Batch("", 0, 0, b""), [(DeadLine(_WHOLE_MESSAGE, str(error)), message.payload)])
            return
        window = believed(self._times, self._now())
        if self._may_be_my_clock(place, batch, window):
            self._hold_for_time(place)
            return
        self._see_times_are_sound(place)
        self.heard["batches"] += 1
        self.heard["lines"] += batch.lines
        checked = self._without_strangers(place, check(place, batch.body, window))
        if checked.dead:
            said = batch.body.split(b"\n")
            self._keep(place, batch, [(dead, said[dead.line - 1]) for dead in checked.dead])
        lines = tuple(checked.body.splitlines(keepends=True))
        await self._arrivals.put(Arrived(place, batch.epoch, batch.number, lines, checked.numbers, checked.dead))

    def _hold_for_time(self, place: Place) -> None:
        """Leave a batch unacknowledged, so that it comes again; one alarm names the first such agent."""
        why = f"{place.site}/{place.agent} says times that cannot be and waits; check this hub's clock, and the agent's"
        self._ignore("time", why)
        if not self._held_for_time:
            self._alarm.raise_for(why, kind=_CLOCK)
        self._held_for_time[place] = self._monotonic()

    def _see_times_are_sound(self, place: Place) -> None:
        """End the alarm once nothing waits for its time any more; what waits is sent again within that while."""
        if self._monotonic() - self._held_for_time.get(place, float("inf")) > _ALARM_LASTS_SECONDS:
            del self._held_for_time[place]
        if not self._held_for_time:
            self._alarm.clear(kind=_CLOCK)

    def _may_be_my_clock(self, place: Place, batch: Batch, window: TimeWindow) -> bool:
        """Tell whether a batch should wait, since its times would be sound if this hub's clock were wrong.

        So are times soon to come. Others are the agent's fault once the other agents agree with this hub.
        """
        said = span(batch.body)
        if said is None:
            return False
        self._witnesses.hear(place, batch, said.newest, self._now())
        if 0 < said.newest - window.newest < _SURELY_WRONG_NS:
            return True
        all_outside = said.newest < window.oldest or said.oldest > window.newest
        if all_outside and self._witnesses.blame(place):
            self._held_for_time.pop(place, None)
            return False
        return all_outside

    def _without_strangers(self, place: Place, checked: Checked) -> Checked:
        """Split off the lines of sensors that are not registered; the gap that this opens may be told."""
        unknown = self._registry.strangers(place, checked.sensors)
        if not unknown:
            return checked
        good: list[tuple[int, bytes]] = []
        dead = list(checked.dead)
        for number, line in zip(checked.numbers, checked.body.splitlines(keepends=True), strict=True):
            sensor = SENSORS.findall(line)[0].decode()
            if sensor in unknown and not (_REFUSED_GAP.match(line) and self._registry.may_tell_gap(place, sensor)):
                self._tell_strange_sensor(place, sensor)
                dead.append(DeadLine(number, f"sensor not registered: {sensor}"))
            else:
                good.append((number, line))
        body = b"".join(line for _, line in good)
        return Checked(body, tuple(n for n, _ in good), checked.sensors - unknown, tuple(sorted(dead, key=_by_line)))

    def _status(self, place: Place, message: Message) -> None:
        try:
            self._presence.heard(place, statuses.decode(message.payload))
        except BadStatus as error:
            self._ignore("status", f"from {place.site}/{place.agent}: {error}")

    def _refuse_stranger(self, place: Place, message: Message) -> None:
        name = f"{place.site}/{place.agent}"
        self._ignore("stranger", f"agent {name} is not registered; its readings wait in its spool until it is")
        if name not in self._complained and len(self._complained) < _MOST_COMPLAINTS:
            self._complained.add(name)
            why = "agent not registered (the first message only is kept)"
            self._keep(place, Batch("", 0, 0, b""), [(DeadLine(_WHOLE_MESSAGE, why), message.payload)])

    def _tell_strange_sensor(self, place: Place, sensor: str) -> None:
        name = f"{place.site}/{place.agent} {sensor}"
        if name not in self._complained and len(self._complained) < _MOST_COMPLAINTS:
            self._complained.add(name)
            _LOG.warning("%s is not among the agent's sensors in the hub's settings: its readings are refused", name)

    def _ignore(self, what: str, why: str) -> None:
        """Count a message that is not taken; the first of each kind, then each hundredth, is logged."""
        self.heard[f"refused {what}"] += 1
        if self.heard[f"refused {what}"] % 100 == 1:
            _LOG.warning("refused (%d so far): %s", self.heard[f"refused {what}"], why)

    def _keep(self, place: Place, batch: Batch, dead: list[tuple[DeadLine, bytes]]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        name = topic(place, Channel.READINGS)
        self._dead_letters.keep(
            DeadLetter(at, name, batch.epoch, batch.number, d.line, d.why, text.decode("utf-8", "backslashreplace"))
            for d, text in dead
        )


def believed(times: Times, now: int) -> TimeWindow:
    """Return the row times that are believed at a time in nanoseconds since 1970."""
    return TimeWindow(now - int(times.oldest_days * _DAY_NS), now + int(times.newest_minutes * _MINUTE_NS))


def _by_line(dead: DeadLine) -> int:
    return dead.line
