"""Keeps every source running: opens it, passes its readings on, and after any trouble waits and opens it again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from edge_agent.errors import SourceLost
from edge_agent.sources.source import Source
from edge_agent.taken import Taken
from service.backoff import Backoff
from service.progress import Progress

_LOG = logging.getLogger(__name__)
_LONGEST_WAIT = 15.0


class Supervisor:
    """Runs one source until it ends by itself or the task is cancelled."""

    def __init__(self, source: Source, put: Callable[[Taken], Awaitable[None]], progress: Progress) -> None:
        """`put` takes each reading."""
        self._source = source
        self._put = put
        self._progress = progress
        self._vitals = source.vitals
        self._backoff = Backoff(longest=_LONGEST_WAIT)
        self._complained = ""
        self._delivers = False

    async def run(self) -> None:
        """Run the source; never hotter than one try a second."""
        while True:
            try:
                await self._once()
            except SourceLost as error:
                await self._wait(str(error))
            except Exception as error:  # noqa: BLE001  the one place: a defect in one source must not stop the others
                _LOG.exception("source %s failed", self._vitals.sensor)
                await self._wait(f"{type(error).__name__}: {error}")
            else:
                self._vitals.state, self._vitals.why = "ended", ""
                self._progress.done(self._vitals.sensor)
                return

    async def _once(self) -> None:
        self._delivers = False
        async with self._source as source, aclosing(source.readings()) as readings:
            self._vitals.state, self._vitals.why = "open", ""
            async for taken in readings:
                if not self._vitals.tells_state:
                    self._vitals.state, self._vitals.why = "live", ""
                if not self._delivers and self._vitals.state == "live":
                    self._delivers = True
                    _LOG.info("source %s delivers", self._vitals.sensor)
                    self._forgive()
                self._vitals.saw(taken)
                await self._put(taken)

    def _forgive(self) -> None:
        """Forget the failures so far: the source was back."""
        self._complained = ""
        self._backoff.succeeded()

    async def _wait(self, why: str) -> None:
        """Warn once for each new cause, then wait."""
        if self._vitals.state == "live" and not self._delivers:
            self._forgive()
        level = logging.DEBUG if self._complained == why else logging.WARNING
        self._complained = why
        self._vitals.state, self._vitals.why = "lost", why
        self._vitals.restarts += 1
        seconds = min(self._backoff.failed(), self._vitals.longest_wait)
        _LOG.log(level, "source %s: %s; next try in %.0f s", self._vitals.sensor, why, seconds)
        await self._progress.sleep(self._vitals.sensor, seconds)
