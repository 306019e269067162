"""What every simulated sensor is: frames at its own pace, and answers to what it hears."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes on the wire and the exact values that they say; answers to commands say none."""

    raw: bytes
    values: Mapping[str, float] = field(default_factory=dict)


class Device(Protocol):
    """A sensor; every time is in seconds since it was plugged in, and never goes back."""

    @property
    def due(self) -> float:
        """When it speaks by itself next; infinity if only when asked."""
        ...

    def speak(self, now: float) -> tuple[Frame, ...]:
        """Return what it sends by itself now that it is due."""
        ...

    def hear(self, data: bytes, now: float) -> tuple[Frame, ...]:
        """Take bytes from the wire, whole commands or parts of some, and return its answers."""
        ...


class Beat:
    """A steady beat that leaves out the beats it missed; it may be stopped and started again."""

    def __init__(self, period: float) -> None:
        self._period = period
        self.due = period

    def next(self, now: float) -> None:
        """Go on to the next beat."""
        self.due = max(self.due + self._period, now)

    def keep(self, running: bool, *, now: float) -> None:
        """Stop, or beat again from now on if it was stopped."""
        if not running:
            self.due = inf
        elif self.due == inf:
            self.due = now + self._period


class Commands:
    """Cuts commands of one length out of what is heard; what does not fit is passed over."""

    def __init__(self, start: bytes, length: int, *, right: Callable[[bytes], bool]) -> None:
        """Take the first bytes of a command and the check of its last ones."""
        self._start, self._length, self._right = start, length, right
        self._heard = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the whole commands with a right checksum."""
        self._heard += data
        while (start := self._heard.find(self._start)) >= 0 and len(self._heard) >= start + self._length:
            command = self._heard[start : start + self._length]
            right = self._right(command)
            self._heard = self._heard[start + (self._length if right else 1) :]
            if right:
                yield command
        self._heard = self._heard[start:] if start >= 0 else self._heard[-1:]
