"""Which agents and sensors the city knows; what it does not know never becomes a series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hub.config import Registered
from telemetry.reading import Place

_MOST_AGENTS = 10_000
_MOST_SENSORS = 100


class Registry:
    """A closed registry knows what is listed; an open one learns at first sight, up to a bound."""

    def __init__(self, listed: Iterable[Registered], *, is_open: bool) -> None:
        """Take what the settings list."""
        self._is_open = is_open
        self._sensors = {Place(r.site, r.agent): set(r.sensors) for r in listed}
        self._any_sensor = {place for place, sensors in self._sensors.items() if not sensors}
        self._mourned: dict[Place, set[str]] = {}
        self.refused: Counter[str] = Counter()

    def knows(self, place: Place) -> bool:
        """Tell whether an agent may say anything; an open registry takes it in."""
        if place in self._sensors:
            return True
        if self._is_open and len(self._sensors) < _MOST_AGENTS:
            self._sensors[place] = set()
            self._any_sensor.add(place)
            return True
        self.refused["agent"] += 1
        return False

    def strangers(self, place: Place, sensors: Iterable[str]) -> frozenset[str]:
        """Return the sensors of a known agent that are not its own; where any is welcome, learn them up to a bound."""
        known = self._sensors[place]
        new = [sensor for sensor in sensors if sensor not in known]
        if place in self._any_sensor:
            room = max(0, _MOST_SENSORS - len(known))
            known.update(sorted(new)[:room])
        unknown = frozenset(sensor for sensor in new if sensor not in known)
        self.refused["sensor"] += len(unknown)
        return unknown

    def may_tell_gap(self, place: Place, stranger: str) -> bool:
        """Tell whether the gap that refusing a stranger's readings leaves may be stored: of so many strangers only."""
        mourned = self._mourned.setdefault(place, set())
        if stranger not in mourned and len(mourned) < _MOST_SENSORS:
            mourned.add(stranger)
        return stranger in mourned

    def places(self) -> list[Place]:
        """Return the agents that are known now."""
        return list(self._sensors)
