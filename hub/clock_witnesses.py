"""Tells whose clock is wrong when an agent says times that cannot be: the agent's, or this hub's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from telemetry.batch import Batch
from telemetry.reading import Place

_FRESH_NS = 3_600 * 10**9
_STEP_NS = 600 * 10**9
_FIRM_NS = 600 * 10**9
"""How long a witness must have agreed: an agent that sends a backlog agrees with any wrong clock in passing."""

_STALE_NS = 3_600 * 10**9


@dataclass(frozen=True, slots=True)
class _Word:
    """What an agent's newest batch said, when it was heard, and since when its newest have said nothing else."""

    agrees: bool
    since: int
    heard: int
    epoch: str
    number: int


class ClockWitnesses:
    """The other agents are witnesses: their newest time is about this hub's present, or it is not."""

    def __init__(self, monotonic: Callable[[], int] = time.monotonic_ns) -> None:
        """Begin without witnesses."""
        self._monotonic = monotonic
        self._ahead = 0
        self._words: dict[Place, _Word] = {}
        self._proved: set[Place] = set()

    def hear(self, place: Place, batch: Batch, newest: int, now: int) -> None:
        """Note the newest time in a batch at a wall-clock time of this hub, both nanoseconds since 1970.

        What was witnessed before this hub's clock was set to another time counts no more. An older batch that is sent
        again says nothing of the agent's present clock.
        """
        at = self._monotonic()
        if abs(now - at - self._ahead) > _STEP_NS:
            self._words.clear()
            self._proved.clear()
            self._ahead = now - at
        agrees, before = abs(newest - now) <= _FRESH_NS, self._words.get(place)
        if before and before.epoch == batch.epoch and before.number > batch.number:
            return
        since = before.since if before and before.agrees is agrees else at
        self._words[place] = _Word(agrees, since, at, batch.epoch, batch.number)
        if agrees and at - since >= _FIRM_NS:
            self._proved.add(place)

    def blame(self, place: Place) -> bool:
        """Tell whether it is this agent's clock that is wrong: most others agree with this hub's, or it once did."""
        now = self._monotonic()
        others = [word for who, word in self._words.items() if who != place and now - word.heard <= _STALE_NS]
        firm = sum(word.agrees and word.heard - word.since >= _FIRM_NS for word in others)
        against = sum(not word.agrees for word in others)
        return firm > against or (not firm and not against and place in self._proved)
