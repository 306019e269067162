"""The sending side of the contract as a pure state machine: which batch to send now, and again when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

_SLOWEST = 3.0
"""About a minute at the default of 20 s: how long a hub that came back waits for what was sent in vain."""


@dataclass(slots=True)
class _Sending:
    tries: int
    due: float


@dataclass(slots=True)
class Window:
    """At most `size` batches await the hub's word; each is sent again when its own, backed-off time has come.

    Times are monotonic seconds given by the caller. `jitter` returns a factor, so that agents do not resend in step.
    """

    size: int
    resend_seconds: float
    jitter: Callable[[], float]
    _waiting: dict[int, _Sending] = field(default_factory=dict)
    _newest: int = 0

    @property
    def newest(self) -> int:
        """The highest number ever admitted; the next to admit comes after it."""
        return self._newest

    @property
    def free(self) -> int:
        """How many batches may still be admitted."""
        return self.size - len(self._waiting)

    @property
    def in_flight(self) -> int:
        """How many batches await the hub's word."""
        return len(self._waiting)

    def admit(self, numbers: Iterable[int], now: float) -> None:
        """Take new batches in; they are due at once. Raises ValueError for more than are free."""
        for number in numbers:
            if self.free <= 0:
                raise ValueError(f"the window of {self.size} is full")
            self._waiting[number] = _Sending(tries=0, due=now)
            self._newest = max(self._newest, number)

    def due(self, now: float) -> list[int]:
        """Return the batches to send now, oldest first."""
        return sorted(number for number, sending in self._waiting.items() if sending.due <= now)

    def sent(self, number: int, now: float) -> int:
        """Note that a batch was sent; return how often it has been."""
        sending = self._waiting[number]
        backoff = min(2.0**sending.tries, _SLOWEST)
        sending.tries += 1
        sending.due = now + self.resend_seconds * backoff * self.jitter()
        return sending.tries

    def awaits(self, number: int) -> bool:
        """Tell whether a batch is in flight."""
        return number in self._waiting

    def settle(self, number: int) -> bool:
        """Note that a batch needs no more sending; return whether it was awaited."""
        return self._waiting.pop(number, None) is not None

    def reconnected(self, now: float) -> None:
        """Note that the link is new: what was in flight may be lost, so all of it is due."""
        for sending in self._waiting.values():
            sending.due = now
            sending.tries = 0

    def next_due(self) -> float | None:
        """Return when the next resend is due, None if nothing is in flight."""
        return min((sending.due for sending in self._waiting.values()), default=None)
