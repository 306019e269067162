"""Between the thread that decodes and the one that counts: at most one picture, the newest, and a few events."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Condition

from edge_agent.vision.scene import Losses
from edge_agent.vision.shrink import Image

EVENTS = 64
"""The most events that wait; the oldest goes first."""


class State(StrEnum):
    """What a stream is doing."""

    OPENING = "opening"
    LIVE = "live"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Event:
    """A stream that has changed its state."""

    state: State
    why: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture and its time in monotonic nanoseconds."""

    luma: Image
    at: int


class Mailbox:
    """Holds what the decoder has for the analytics."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._picture: Picture | None = None
        self._events: deque[Event] = deque(maxlen=EVENTS)
        self._losses = Losses()
        self._closed = False
        self._expected = time.monotonic()

    @property
    def losses(self) -> Losses:
        """What was lost so far."""
        return self._losses

    @property
    def overdue(self) -> float:
        """Seconds by which the decoder has outstayed its own promise; negative while it keeps it."""
        return time.monotonic() - self._expected

    def promise(self, seconds: float) -> None:
        """Say within how many seconds the decoder will be heard of again."""
        self._expected = time.monotonic() + seconds

    def put(self, picture: Picture) -> None:
        """Leave a picture in the place of the one that nobody took."""
        with self._changed:
            if self._picture is not None:
                self._losses = replace(self._losses, skipped=self._losses.skipped + 1)
            self._picture = picture
            self._changed.notify_all()

    def put_when_taken(self, picture: Picture) -> None:
        """Leave a picture once the last one was taken, or the mailbox closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._picture is None or self._closed)
            self._picture = picture
            self._changed.notify_all()

    def tell(self, event: Event) -> None:
        """Leave an event; it is taken before the picture."""
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def spoiled(self) -> None:
        """Count a picture that could not be decoded."""
        self._losses = replace(self._losses, decode_errors=self._losses.decode_errors + 1)

    def reconnecting(self) -> None:
        """Count a stream that is opened again."""
        self._losses = replace(self._losses, reconnects=self._losses.reconnects + 1)

    def take(self, timeout: float) -> Event | Picture | None:
        """Return the next event, else the picture, else None after a time-out or when the mailbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._picture or self._closed, timeout)
            if self._events:
                return self._events.popleft()
            picture, self._picture = self._picture, None
            self._changed.notify_all()
            return picture

    def pause(self, seconds: float) -> bool:
        """Wait on the decoder's side; return False as soon as the mailbox is closed."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._closed, seconds)

    def hang_up(self) -> None:
        """Close without waking anybody, which is all that a signal handler may do."""
        self._closed = True

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether the decoder should end."""
        return self._closed
