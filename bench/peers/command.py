"""What both peers' subscribers are started and ended by."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from typing import Any


async def until_sigterm(work: Coroutine[Any, Any, None]) -> None:
    """Run work until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    task = asyncio.create_task(work)
    await stop.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main(run: Callable[[int, str], Coroutine[Any, Any, None]]) -> None:
    """Run with the broker's port and the database's address from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", type=int, required=True)
    parser.add_argument("--url", required=True)
    said = parser.parse_args()
    asyncio.run(run(said.broker, said.url))
