"""Turns SIGINT and SIGTERM into an event, so that a service ends in its own order."""

from __future__ import annotations

import asyncio
import signal


def stop_event(after: float | None = None) -> asyncio.Event:
    """Return an event that is set by SIGINT, by SIGTERM, or after so many seconds."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if after is not None:
        loop.call_later(after, stop.set)
    return stop
