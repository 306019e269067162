"""No test of the agent may leave a task, a thread or a process behind."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")
_TASKS = Path("/proc/self/task")
_LOOP_OWN = "asyncio_"
"""The event loop's own threads end with the loop, after the fixtures."""

_GRACE = 5.0


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory where there is one: hundreds of commits need not wait for a disk."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
async def nothing_is_left_behind() -> AsyncIterator[None]:
    """Fail a test after which a task, a thread or a child process goes on."""
    threads, children = set(threading.enumerate()), _children()
    yield
    tasks = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not tasks, f"tasks left behind: {tasks}"
    left = await _left_after_grace(threads, children)
    assert not left, f"threads or processes left behind: {left}"


async def _left_after_grace(threads: set[threading.Thread], children: set[str]) -> list[str]:
    """Return what is left once dropped executors had a moment to end their threads."""
    deadline = time.monotonic() + _GRACE
    while left := _left(threads, children):
        if time.monotonic() > deadline:
            break
        gc.collect()
        await asyncio.sleep(0.01)
    return left


def _left(threads: set[threading.Thread], children: set[str]) -> list[str]:
    alive = [t.name for t in threading.enumerate() if t not in threads and not t.name.startswith(_LOOP_OWN)]
    return alive + sorted(f"process {child}" for child in _children() - children)


def _children() -> set[str]:
    """Return the numbers of this process's children."""
    return {number for file in _TASKS.glob("*/children") for number in file.read_text().split()}
