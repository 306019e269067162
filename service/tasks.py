"""Runs coroutines that belong together: when the first ends, the others end with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

_AGAIN = 1.0


async def together(**named: Coroutine[Any, Any, None]) -> None:
    """Run coroutines as named tasks until the first ends or fails; cancel the rest and raise its error."""
    tasks = [asyncio.create_task(work, name=name.replace("_", ".")) for name, work in named.items()]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await _cancelled(tasks)
        await asyncio.gather(*tasks, return_exceptions=True)


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel until all are done: Python 3.11's `wait_for` forgets a cancellation that meets its result (gh-86296).

    Who is cancelled again meanwhile leaves nobody behind either.
    """
    interrupted: asyncio.CancelledError | None = None
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        try:
            await asyncio.wait(left, timeout=_AGAIN)
        except asyncio.CancelledError as error:
            interrupted = error
    if interrupted:
        raise interrupted
