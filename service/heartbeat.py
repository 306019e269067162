"""The second hand of a service: feeds the watchdog while every loop turns, and keeps the status file fresh."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from service.notify import Notifier
from service.progress import Progress

_LOG = logging.getLogger(__name__)
_TICK = 1.0


async def beat(
    progress: Progress, notifier: Notifier, *, summary: Callable[[], str], write_status: Callable[[], None]
) -> None:
    """Beat until cancelled; a loop that is stuck is named in the log once, and the watchdog starves until it moves."""
    complained: list[str] = []
    while True:
        stuck = progress.stuck()
        if not stuck:
            notifier.alive(summary())
        elif stuck != complained:
            _LOG.error("stuck: %s; the watchdog is not fed until it moves", ", ".join(stuck))
        complained = stuck
        write_status()
        await asyncio.sleep(_TICK)
