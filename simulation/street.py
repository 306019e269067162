"""The street as a stepped world: who is where at a time, and which crossings of the counting line are true."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import pi, sin
from random import Random

from simulation.vehicles import BODIES, LANES, LOOKS, Direction, Kind, Lane
from simulation.view import LINE_Y

FAR, NEAR = 43.0, 2.0
"""Where users appear and vanish, in metres from the mast; both lie outside the picture."""
RUN = FAR - NEAR
WARM_UP = 60.0
"""Seconds of traffic before time 0, so that the first picture shows a living street."""


@dataclass(frozen=True, slots=True)
class Trip:
    """One user's way through the street at a steady speed; `x` is the middle of its way, in metres."""

    kind: Kind
    direction: Direction
    x: float
    enters: float
    speed: float
    look: int

    @property
    def leaves(self) -> float:
        """The second at which it vanishes."""
        return self.enters + RUN / self.speed

    @property
    def crosses(self) -> float:
        """The second at which the middle of its contact with the ground passes the counting line."""
        ahead = FAR - LINE_Y if self.direction is Direction.IN else LINE_Y - NEAR
        return self.enters + ahead / self.speed

    def position(self, time: float) -> tuple[float, float]:
        """Return x and y on the ground in metres at a time."""
        gone = self.speed * (time - self.enters)
        weave = 0.15 * BODIES[self.kind].sway * sin(2 * pi * gone / 25 + self.look)
        return self.x + weave, (FAR - gone if self.direction is Direction.IN else NEAR + gone)


@dataclass(frozen=True, slots=True)
class Crossing:
    """A true crossing of the counting line, `time` in seconds of the street."""

    time: float
    kind: Kind
    direction: Direction


class Street:
    """The street of one seed; time is injected and never goes back."""

    def __init__(self, *, seed: int = 0) -> None:
        """Let traffic run from before time 0."""
        self._flows = [_Flow(lane, seed) for lane in LANES]
        self._time = -WARM_UP
        self.advance(0.0)

    def advance(self, time: float) -> list[Crossing]:
        """Go on to a time in seconds and return the crossings since the last call, in order."""
        since, self._time = self._time, max(time, self._time)
        found = [crossing for flow in self._flows for crossing in flow.advance(since, self._time)]
        return sorted(found, key=lambda crossing: crossing.time)

    def present(self) -> list[Trip]:
        """Return everyone in the street now."""
        return [trip for flow in self._flows for trip in flow.present]


class _Flow:
    """The users of one lane, made as time goes on."""

    def __init__(self, lane: Lane, seed: int) -> None:
        self._coming = trips(lane, seed=seed)
        self._next = next(self._coming)
        self.present: deque[Trip] = deque()

    def advance(self, since: float, time: float) -> Iterator[Crossing]:
        while self._next.enters <= time:
            self.present.append(self._next)
            self._next = next(self._coming)
        for trip in self.present:
            if since < trip.crosses <= time:
                yield Crossing(trip.crosses, trip.kind, trip.direction)
        while self.present and self.present[0].leaves < time:
            self.present.popleft()


def trips(lane: Lane, *, seed: int) -> Iterator[Trip]:
    """Yield a lane's trips without end, a pure function of lane and seed; nobody overtakes within a lane."""
    random = Random(f"{seed}/{lane.name}")
    before: Trip | None = None
    enters = -WARM_UP
    while True:
        kind = random.choices(list(lane.mix), list(lane.mix.values()))[0]
        body = BODIES[kind]
        wish = enters + random.expovariate(1 / lane.every)
        speed = random.uniform(*body.speeds)
        x = lane.x + random.uniform(-body.sway, body.sway)
        trip = Trip(kind, lane.direction, x, wish, speed, random.randrange(LOOKS))
        before = trip if before is None else _behind(before, trip)
        yield before
        enters = before.enters


def _behind(before: Trip, trip: Trip) -> Trip:
    """Delay a trip until it keeps its distance from the one before, at both ends of the street."""
    gap = _distance(before.kind, trip.kind)
    at_start = before.enters + gap / before.speed
    at_end = before.leaves - (RUN - gap) / trip.speed
    return replace(trip, enters=max(trip.enters, at_start, at_end))


def _distance(first: Kind, second: Kind) -> float:
    """Return metres from middle to middle such that asphalt shows between two users at the counting line."""
    if first is Kind.PEDESTRIAN:
        return 3.0
    ahead, behind = BODIES[first], BODIES[second]
    return (ahead.length + behind.length) / 2 + 4.5 + 1.8 * max(ahead.height, behind.height)
