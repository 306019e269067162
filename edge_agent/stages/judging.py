"""Marks readings that may be doubted: warming up, stuck, a jump, an undersupplied computer. It never removes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from edge_agent.sources.source import Vitals
from edge_agent.taken import Taken
from telemetry.catalogue import BY_FAMILY
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement

_SECOND = 1_000_000_000
_MINUTE = 60 * _SECOND
_FEWEST = 30
"""Equal readings that are needed as well before a sensor counts as stuck."""


@dataclass(slots=True)
class _Before:
    """The readings of a family so far."""

    values: Mapping[str, float] = field(default_factory=dict)
    at: int = 0
    since: int = 0
    equal: int = 0


class Judge:
    """Judges the readings of one sensor by those before them.

    A family is stuck when all of its quantities that never rest have stayed the same for `stuck_minutes` (0: never).
    """

    def __init__(
        self, vitals: Vitals, *, warm_up: float, stuck_minutes: float, is_undersupplied: Callable[[], bool]
    ) -> None:
        """Take from the vitals when the sensor was switched on, and its seconds of warming up."""
        self._vitals = vitals
        self._warm_up = warm_up
        self._stuck_after = round(stuck_minutes * _MINUTE)
        self._is_undersupplied = is_undersupplied
        self._before: dict[Family, _Before] = {}

    def take(self, taken: Taken) -> Iterable[Taken]:
        """Return the reading with its marks."""
        said = taken.measurement
        before = self._before.setdefault(said.family, _Before(at=taken.at, since=taken.at))
        quality = said.quality | self._state(taken.at) | _jump(said, before, taken.at)
        if self._is_stuck(said, before, taken.at):
            quality |= Quality.STUCK
        before.values, before.at = said.values, taken.at
        return (taken if quality is said.quality else replace(taken, measurement=replace(said, quality=quality)),)

    def finish(self, sensor: str, at: int) -> Iterable[Taken]:
        """Have nothing more to tell."""
        del sensor, at
        return ()

    def _state(self, at: int) -> Quality:
        quality = Quality.GOOD
        awake = self._vitals.awake_since
        if awake is not None and at < (awake + self._warm_up) * _SECOND:
            quality |= Quality.WARMING_UP
        if self._is_undersupplied():
            quality |= Quality.UNDERVOLTAGE
        return quality

    def _is_stuck(self, said: Measurement, before: _Before, at: int) -> bool:
        judged = {name for name in said.values if BY_FAMILY[said.family][name].never_rests}
        if not judged or any(said.values[name] != before.values.get(name) for name in judged):
            before.since, before.equal = at, 0
            return False
        before.equal += 1
        return 0 < self._stuck_after <= at - before.since and before.equal >= _FEWEST


def _jump(said: Measurement, before: _Before, at: int) -> Quality:
    """Return the mark where a quantity went further than it can in the time since it was said before."""
    minutes = max(1.0, (at - before.at) / _MINUTE)
    for name, value in said.values.items():
        step, last = BY_FAMILY[said.family][name].step, before.values.get(name)
        if step is not None and last is not None and abs(value - last) > step * minutes:
            return Quality.JUMP
    return Quality.GOOD
