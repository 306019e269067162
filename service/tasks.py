"""Runs coroutines that belong together: when the first ends, the others end with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def together(**named: Coroutine[Any, Any, None]) -> None:
    """Run coroutines as named tasks until the first ends or fails; cancel the rest and raise its error."""
    tasks = [asyncio.create_task(work, name=name.replace("_", ".")) for name, work in named.items()]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
