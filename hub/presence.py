"""Which agents are online, as the broker tells it, written as readings of the sensor `link`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from service.wall_clock import is_set
from telemetry.line import format_line
from telemetry.quantity import Family
from telemetry.reading import Measurement, Place, Reading
from telemetry.status import State, Status

SENSOR = "link"


class Presence:
    """Keeps each agent's last status; its rows are the hub's own words, so they carry no sequence."""

    def __init__(self, wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        """Start knowing of nobody."""
        self._wall_ms = wall_ms
        self._states: dict[Place, State] = {}
        self._changed: set[Place] = set()

    def heard(self, place: Place, status: Status) -> None:
        """Note what an agent, or the broker on its behalf, said."""
        if self._states.get(place) is not status.state:
            self._changed.add(place)
        self._states[place] = status.state

    def forget(self) -> None:
        """Know of nobody any more: without a broker nobody can tell who is there."""
        self._states.clear()
        self._changed.clear()

    def state(self, place: Place) -> State | None:
        """Return an agent's last state."""
        return self._states.get(place)

    def changes(self) -> list[bytes]:
        """Return a line for each agent whose state changed since the last call."""
        changed, self._changed = self._changed, set()
        return list(self._lines(changed))

    def everyone(self) -> list[bytes]:
        """Return a line for each agent."""
        self._changed.clear()
        return list(self._lines(self._states))

    def _lines(self, places: set[Place] | dict[Place, State]) -> Iterator[bytes]:
        now = self._wall_ms()
        for place in places if is_set(now) else ():
            online = int(self._states[place] is State.ONLINE)
            reading = Reading(SENSOR, Measurement(Family.HEALTH, {"online": online}), now, 0)
            yield format_line(place, reading).encode() + b"\n"
