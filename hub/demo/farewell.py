"""How the demo ends in time: one deadline for all, of which each part leaves something to those after it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

_LOG = logging.getLogger(__name__)

LONGEST, UNHURRIED = 2.9, 15.0
"""Seconds from the first farewell to the last, whoever refuses to end: if somebody waits, and if nobody does."""

AFTER_AGENT, AFTER_PROCESSES, AFTER_LOOK, AFTER_HUB = 0.9, 0.6, 0.4, 0.15
"""The seconds that each part leaves; the agent, which has readings to deliver, is given most."""


class Farewell:
    """The seconds that are left to end in, counted from the first time that somebody asks."""

    def __init__(self, is_hurried: Callable[[], bool] = lambda: True) -> None:
        """Count nothing yet; whether it is hurried is asked when the counting begins."""
        self._is_hurried = is_hurried
        self._deadline: float | None = None

    def left(self, *, leaving: float = 0.0) -> float:
        """Return the seconds that a part may still take."""
        now = asyncio.get_running_loop().time()
        if self._deadline is None:
            self._deadline = now + (LONGEST if self._is_hurried() else UNHURRIED)
        return max(0.0, self._deadline - leaving - now)

    async def allow(self, ending: asyncio.Task[None], *, leaving: float = 0.0) -> None:
        """Wait for a part to end; when its time is over, cancel it and wait no longer. Raises what it raised."""
        await asyncio.wait((ending,), timeout=self.left(leaving=leaving))
        if ending.done():
            ending.result()
        else:
            _LOG.warning("%s did not end in time", ending.get_name())
            ending.cancel()
