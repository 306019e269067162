"""An event loop in which nothing waits: time is a number that moves to the next timer, and order hangs on the seed."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

from tests.simulated.process import CURRENT, Process

START = 100_000.0
"""What the monotonic clock says when a world begins."""


class Deadlock(Exception):
    """Nothing is ready and no timer runs: the world would stand still for ever."""


class NumberedTask(asyncio.Task[Any]):
    """A task that hashes by its number, since asyncio keeps tasks in sets and addresses differ from run to run."""

    _numbers = itertools.count()

    def __new__(cls, *args: Any, **kwargs: Any) -> NumberedTask:
        task = super().__new__(cls)
        task.number = next(cls._numbers)
        return task

    def __hash__(self) -> int:
        return self.number

    @classmethod
    def count_anew(cls) -> None:
        cls._numbers = itertools.count()


class _Timekeeper:
    """Stands where the selector would; to wait is to move the clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> tuple[()]:
        if timeout is None:
            raise Deadlock
        if timeout > 0:
            self._loop.advance()
        return ()


class VirtualLoop(asyncio.BaseEventLoop):
    """asyncio's own loop with a virtual clock; `on_step` is called before each move of the clock."""

    def __init__(self) -> None:
        super().__init__()
        self._now = START
        self._selector = _Timekeeper(self)
        self.on_step: Callable[[], None] = lambda: None
        self.steps = 0
        NumberedTask.count_anew()
        self.set_task_factory(_made)

    def time(self) -> float:
        return self._now

    def advance(self) -> None:
        """Move the clock to the next timer."""
        self.on_step()
        self.steps += 1
        self._now = max(self._now, self._scheduled[0].when())

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """Let the disk of whoever calls do the work, when it comes to it; no thread runs."""
        return CURRENT.get().host.disk.work(lambda: func(*args))

    def _process_events(self, event_list: object) -> None:
        """There are no events but timers."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who could be woken."""


def _made(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], context: Context | None = None) -> Any:
    owner: Process | None = CURRENT.get(None) if context is None else context.get(CURRENT)
    task = NumberedTask(coro, loop=loop, context=context)
    if owner is not None:
        owner.adopt(task)
    return task
