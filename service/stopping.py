"""Turns SIGINT and SIGTERM into an event, so that a service ends in its own order."""

from __future__ import annotations

import asyncio
import signal


class Stop(asyncio.Event):
    """Set when the service should end."""

    is_asked = False
    """Whether a signal asked for it: then somebody waits."""

    def ask(self) -> None:
        """Take a signal."""
        self.is_asked = True
        self.set()


def stop_event(after: float | None = None) -> Stop:
    """Return an event that is set by SIGINT, by SIGTERM, or after so many seconds."""
    stop = Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.ask)
    if after is not None:
        loop.call_later(after, stop.set)
    return stop
