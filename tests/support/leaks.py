"""What a test may not leave behind: tasks, threads, child processes and listening ports of this process."""

from __future__ import annotations

import asyncio
import gc
import threading
import time

import psutil

_LOOP_OWN = "asyncio_"
"""The event loop's own threads end with the loop, after the fixtures."""

_UNNAMED = "Task-"
_GRACE = 5.0


def own_tasks() -> list[str]:
    """Return the names of tasks that go on; libraries do not name theirs and may take a moment to end them."""
    return [name for name in _tasks() if not name.startswith(_UNNAMED)]


def held() -> set[str]:
    """Return the names of all threads, child processes and listening ports that there are now."""
    process = psutil.Process()
    threads = {f"thread {t.name} ({t.ident})" for t in threading.enumerate() if not t.name.startswith(_LOOP_OWN)}
    children = {f"process {child.pid}" for child in process.children()}
    ports = {f"port {c.laddr.port}" for c in process.net_connections() if c.status == psutil.CONN_LISTEN}
    return threads | children | ports | {f"task {name}" for name in _tasks()}


def _tasks() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def left_after_grace(before: set[str]) -> set[str]:
    """Return what is held beyond before, once dropped executors had a moment to end their threads."""
    deadline = time.monotonic() + _GRACE
    while left := held() - before:
        if time.monotonic() > deadline:
            break
        gc.collect()
        await asyncio.sleep(0.01)
    return left
