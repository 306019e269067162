"""The sending side of the contract as a pure state machine: which batch to send now, and again when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

_SLOWEST = 3.0
"""About a minute at the default of 20 s: how long a hub that came back waits for what was sent in vain."""

_MOST_DOUBLINGS = 8
"""More than any back-off takes: after a thousand tries, some hours, the power would be no number any more."""

_FIRST_OPEN = 4
_PROBE_SECONDS = 2.0
_SLOWEST_PROBE = 30.0
_SURELY_LATER = 3.0
"""Seconds between two sendings after which an answer to the later one means that the earlier one is lost."""


@dataclass(slots=True)
class _Sending:
    is_fresh: bool
    due: float
    tries: int = 0
    sent: float = 0.0


@dataclass(slots=True)
class Window:
    """At most `size` batches await the hub's word; each is sent again when its own, backed-off time has come.

    As in TCP it opens with each acknowledgement and halves with each batch that none came for: a thousand agents that
    connect at once, or whose hub is slow, do not flood it. While nothing is heard the newest batch alone is sent again
    as a probe; the first answer tells what else is lost. Fresh batches, about one a second, need not wait for it to
    open, and a quarter is kept for them.

    Times are monotonic seconds given by the caller. `jitter` returns a factor, so that agents do not resend in step.
    """

    size: int
    resend_seconds: float
    jitter: Callable[[], float]
    probe_seconds: float = _PROBE_SECONDS
    _waiting: dict[int, _Sending] = field(default_factory=dict)
    _open: int = _FIRST_OPEN
    _next_probe: float = 0.0
    _probe_at: float = 0.0

    @property
    def in_flight(self) -> int:
        """How many batches await the hub's word."""
        return len(self._waiting)

    def free(self, *, is_fresh: bool) -> int:
        """Return how many batches may be admitted now."""
        most = self.size if is_fresh else min(self._open, self.size - self.size // 4)
        return max(0, most - len(self._waiting))

    def admit(self, numbers: Iterable[int], now: float, *, is_fresh: bool) -> None:
        """Take new batches in; they are due at once. Raises ValueError for more than are free."""
        for number in numbers:
            if self.free(is_fresh=is_fresh) <= 0:
                raise ValueError(f"the window of {self.size} is full")
            if not self._waiting:
                self._listen_anew(now)
            self._waiting[number] = _Sending(is_fresh, due=now)

    def due(self, now: float) -> list[int]:
        """Return the batches to send now: the fresh ones, then the oldest, as many as the window is open for."""
        lapsed = sorted(number for number, sending in self._waiting.items() if sending.due <= now)
        fresh = [number for number in lapsed if self._is_news(number)]
        others = [number for number in lapsed if not self._is_news(number)]
        chosen = fresh + others[: max(0, self._open - (len(self._waiting) - len(others)))]
        if not chosen and self._waiting and now >= self._probe_at:
            return [max(self._waiting)]
        return chosen

    def _is_news(self, number: int) -> bool:
        return self._waiting[number].is_fresh and not self._waiting[number].tries

    def sent(self, number: int, now: float) -> int:
        """Note that a batch was sent; return how often it has been."""
        sending = self._waiting[number]
        if sending.tries and sending.due <= now:
            self._open = max(1, self._open // 2)
        if now >= self._probe_at:
            self._probe_at = now + self._next_probe * self.jitter()
            self._next_probe = min(2 * self._next_probe, max(_SLOWEST_PROBE, self.probe_seconds))
        backoff = min(2.0 ** min(sending.tries, _MOST_DOUBLINGS), _SLOWEST)
        sending.tries += 1
        sending.sent = now
        sending.due = now + self.resend_seconds * backoff * self.jitter()
        return sending.tries

    def awaits(self, number: int) -> bool:
        """Tell whether a batch is in flight."""
        return number in self._waiting

    def is_fresh(self, number: int) -> bool:
        """Tell whether a batch in flight was admitted as fresh."""
        return number in self._waiting and self._waiting[number].is_fresh

    def is_stuck(self, now: float) -> bool:
        """Tell whether a probe is due, and all places are taken by batches that were sent in vain.

        The hub may hold them for reasons of its own; what is new must not wait behind them.
        """
        has_news = any(not sending.tries for sending in self._waiting.values())
        return not self.free(is_fresh=True) and not has_news and now >= self._probe_at

    def release_stalest(self) -> int:
        """Let go of the batch that was sent most often, and return it; raises ValueError if nothing is in flight."""
        stalest = max(self._waiting, key=lambda number: (self._waiting[number].tries, -number))
        self.settle(stalest)
        return stalest

    def settle(self, number: int) -> None:
        """Note that a batch needs no more sending."""
        self._waiting.pop(number, None)

    def heard(self, number: int, now: float) -> None:
        """Note the hub's word on a batch: the window opens, and what was sent well before it once is lost."""
        answered = self._waiting.pop(number, None)
        if answered is None:
            return
        self._open = min(self.size, self._open + 1)
        self._listen_anew(now)
        for sending in self._waiting.values():
            if sending.tries == 1 and sending.sent < answered.sent - _SURELY_LATER:
                sending.due = min(sending.due, now)

    def restart(self) -> list[int]:
        """Begin anew, on a new link: return what was in flight, which may be lost and is to be admitted again."""
        released = sorted(self._waiting)
        self._waiting.clear()
        self._open = _FIRST_OPEN
        return released

    def next_due(self, now: float) -> float | None:
        """Return when there is something to send next, None if nothing is in flight."""
        if not self._waiting:
            return None
        if self.due(now):
            return now
        return min([self._probe_at, *(sending.due for sending in self._waiting.values() if sending.due > now)])

    def _listen_anew(self, now: float) -> None:
        self._next_probe = self.probe_seconds
        self._probe_at = now + self._next_probe * self.jitter()
