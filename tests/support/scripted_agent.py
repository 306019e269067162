"""An agent played by a test: says what the test wants, dated as the test wants, numbered and batched as agents do."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping

from telemetry.ack import Ack
from telemetry.batch import Batch
from telemetry.line import format_line, row_time
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement, Place, Reading
from telemetry.status import State, Status
from tests.hub.kit import EPOCH, Player, player
from tests.support.servers import Server

_MOST_LINES = 500
_RESEND_SECONDS = 10.0


class ScriptedAgent:
    """Keeps what it is told to say, in order."""

    def __init__(self, place: Place) -> None:
        """Speak from a place."""
        self.place = place
        self.readings: list[Reading] = []
        self._numbers: Counter[str] = Counter()

    def say(
        self,
        sensor: str,
        family: Family,
        values: Mapping[str, float],
        *,
        at: int,
        labels: Mapping[str, str] | None = None,
        quality: Quality = Quality.GOOD,
    ) -> None:
        """Add a reading of a time in milliseconds since 1970."""
        measurement = Measurement(family, values, labels or {}, quality)
        self.readings.append(Reading(sensor, measurement, at, self._numbers[sensor]))
        self._numbers[sensor] += 1

    def tags(self, reading: Reading) -> dict[str, str]:
        """Return the tags of a reading's row."""
        place = {"site": self.place.site, "agent": self.place.agent, "sensor": reading.sensor}
        return place | dict(reading.measurement.labels)

    def batches(self) -> Iterator[Batch]:
        """Yield everything in batches."""
        for start in range(0, len(self.readings), _MOST_LINES):
            lines = [format_line(self.place, reading) for reading in self.readings[start : start + _MOST_LINES]]
            yield Batch(EPOCH, start // _MOST_LINES, len(lines), "".join(f"{line}\n" for line in lines).encode())

    async def deliver(self, broker: Server, state: State) -> None:
        """Say everything through a broker, again until it is acknowledged; each line must have been stored."""
        async with player(broker, self.place) as link:
            await link.say_status(Status(state, "scripted", "2025-11-21T08:00:00+07:00").encode())
            for batch in self.batches():
                ack = await _acknowledged(link, batch)
                assert (ack.stored, ack.dead) == (batch.lines, ())


async def _acknowledged(link: Player, batch: Batch) -> Ack:
    """Say a batch until it is acknowledged, patiently: a flood of repetitions would keep a slow machine busy."""
    async with asyncio.timeout(6 * _RESEND_SECONDS):
        while True:
            await link.say(batch)
            with contextlib.suppress(TimeoutError):
                return await link.ack_of(batch, within=_RESEND_SECONDS)


def time_of(reading: Reading) -> int:
    """Return the nanoseconds of a reading's row."""
    return row_time(reading.time, reading.seq)
