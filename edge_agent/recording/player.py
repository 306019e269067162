"""Plays a recording through its driver, and holds what it says now against what was said then."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from drivers.driver import Driver
from edge_agent.recording.tape import Event
from telemetry.reading import Measurement

_AHEAD = 4096
"""Measurements that may wait to be confirmed; a recording confirms them at once."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A measurement of the replay and the seconds at which its bytes came."""

    seconds: float
    measurement: Measurement


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the replay departs from the recording."""

    number: int
    """The line in the file."""
    why: str


def played(driver: Driver, events: Iterable[Event]) -> Iterator[Heard | Difference]:
    """Yield what the driver says to the recorded bytes, and each difference to what it said then."""
    own = {driver.opening, driver.closing, driver.wake, driver.sleep}
    unconfirmed: deque[tuple[int, Measurement]] = deque(maxlen=_AHEAD)
    for event in events:
        match event.kind:
            case "rx":
                for measurement in driver.feed(event.data):
                    unconfirmed.append((event.number, measurement))
                    yield Heard(event.seconds, measurement)
            case "tx":
                if event.data not in own and driver.poll() != event.data:
                    yield Difference(event.number, f"asks {event.data.hex()}, which this driver does not")
            case _:
                yield from _confirmed(event, unconfirmed)
    for number, measurement in unconfirmed:
        yield Difference(number, f"says {_short(measurement)}, which the recording does not")


def _confirmed(event: Event, unconfirmed: deque[tuple[int, Measurement]]) -> Iterator[Difference]:
    then = event.measurement
    if then is None:
        return
    if not unconfirmed:
        yield Difference(event.number, f"said {_short(then)}, and now nothing")
        return
    _, now = unconfirmed.popleft()
    if now != then:
        yield Difference(event.number, f"said {_short(then)}, and now {_short(now)}")


def _short(measurement: Measurement) -> str:
    values = " ".join(f"{name}={value:.10g}" for name, value in measurement.values.items())
    return f"{measurement.family} {values} quality={int(measurement.quality)}"
