"""What the supervisor knows of a source, whatever it is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Protocol, Self

from edge_agent.taken import Taken


@dataclass(slots=True)
class Vitals:
    """How a source is doing, for health readings and the technician's screen."""

    sensor: str
    monotonic: Callable[[], float] = time.monotonic
    tells_state: bool = False
    """Whether the source itself says what state it is in, once it is open."""
    state: str = "waiting"
    why: str = ""
    frames: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    longest_wait: float = 15.0
    """Seconds after which it is opened again at the latest, however often that failed."""
    awake_since: float | None = None
    """The monotonic seconds at which it was opened or woken, None while it sleeps or is lost."""
    awake_before: float = 0.0
    """Seconds that it was awake before that, in this agent's life and those before."""
    wakes: int = 0
    last_frame: float | None = None
    newest: dict[str, float] = field(default_factory=dict)
    """The newest value of each quantity, by `family.name`."""

    def saw(self, taken: Taken) -> None:
        """Note a reading."""
        said = taken.measurement
        self.newest |= {f"{said.family}.{name}": value for name, value in said.values.items()}

    def frame(self) -> None:
        """Note a valid frame."""
        self.frames += 1
        self.last_frame = self.monotonic()

    def woke(self) -> None:
        """Note that its fan and laser run from now on."""
        if self.awake_since is None:
            self.awake_since = self.monotonic()
            self.wakes += 1

    def slept(self) -> None:
        """Note that it was put to sleep, or is not there."""
        self.awake_before, self.awake_since = self.awake(), None

    def awake(self) -> float:
        """Return the seconds that it was awake in all."""
        return self.awake_before + (0.0 if self.awake_since is None else self.monotonic() - self.awake_since)

    def frame_age(self) -> float | None:
        """Return the seconds since the newest valid frame, None before the first."""
        return None if self.last_frame is None else self.monotonic() - self.last_frame


class Source(Protocol):
    """Entering opens it, leaving closes it; both and `readings` raise SourceLost for whatever the site does to it."""

    vitals: Vitals

    async def __aenter__(self) -> Self:
        """Open the source."""
        ...

    async def __aexit__(self, *exception: object) -> None:
        """Close the source, open or not."""
        ...

    def end(self) -> None:
        """Ask `readings` to come to its end soon, saying what there is left to say."""
        ...

    def readings(self) -> AsyncGenerator[Taken, None]:
        """Yield readings; ending without an error means that there will never be more."""
        ...
