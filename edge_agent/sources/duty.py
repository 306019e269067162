"""Wakes a sensor for a while and lets it sleep in between, so that a laser of 8,000 hours lasts years."""

from __future__ import annotations

from enum import Enum


class Command(Enum):
    """What a sensor is to be told."""

    WAKE = "wake"
    SLEEP = "sleep"


class DutyCycle:
    """When to wake and when to put to sleep, in monotonic seconds; pure, no clock of its own.

    A sensor that says nothing after it was woken is woken again every `_AGAIN` seconds: the command does fail.
    """

    _AGAIN = 5.0

    def __init__(self, every: float, awake: float) -> None:
        """Wake every so many seconds, for so many."""
        self._every = every
        self._awake = awake
        self._begins = self._told = 0.0
        self.is_awake = False

    def begin(self, now: float) -> None:
        """Take it that the sensor was woken just now."""
        self._begins = self._told = now
        self.is_awake = True

    def due(self, now: float, heard: float) -> Command | None:
        """Return the command to send now, if any; `heard` is when the last byte came."""
        if self.is_awake and now >= self._begins + self._awake:
            self.is_awake = False
            return Command.SLEEP
        if not self.is_awake and now >= self._begins + self._every:
            self._begins += self._every * ((now - self._begins) // self._every)
            self._told, self.is_awake = now, True
            return Command.WAKE
        if self.is_awake and heard < self._begins and now >= self._told + self._AGAIN:
            self._told = now
            return Command.WAKE
        return None

    def pause(self, now: float) -> float:
        """Return the seconds until something may be due."""
        if not self.is_awake:
            return max(0.0, self._begins + self._every - now)
        return max(0.0, min(self._begins + self._awake, self._told + self._AGAIN) - now)
