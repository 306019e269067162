"""Processes of the simulated world: whose code runs now, on which host, and what a kill does to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulated.host import Host

CURRENT: ContextVar[Process] = ContextVar("CURRENT")


class Process:
    """A group of tasks that live and die together; tasks that they make belong to it as well."""

    def __init__(self, name: str, host: Host) -> None:
        self.name = name
        self.host = host
        self.alive = True
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.on_kill: list[Callable[[], None]] = []
        self.main: asyncio.Task[None] | None = None

    def start(self, main: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run its main coroutine."""
        context = copy_context()
        context.run(CURRENT.set, self)
        self.main = asyncio.get_running_loop().create_task(main, name=self.name, context=context)
        return self.main

    def adopt(self, task: asyncio.Task[Any]) -> None:
        self.tasks[task] = None
        task.add_done_callback(self._buried)

    def _buried(self, task: asyncio.Task[Any]) -> None:
        self.tasks.pop(task, None)
        if not self.alive and not task.cancelled():
            task.exception()

    def kill(self) -> None:
        """End it here and now: nothing that its code does while it unwinds reaches anybody."""
        if not self.alive:
            return
        self.alive = False
        for cut in self.on_kill:
            cut()
        for task in list(self.tasks):
            task.cancel()
