"""Waiting in tests for what sets no event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_PATIENCE = 20.0
_BLINK = 0.004


async def until(holds: Callable[[], object], *, seconds: float = _PATIENCE) -> None:
    """Return as soon as something holds; raises TimeoutError where it never does."""
    async with asyncio.timeout(seconds):
        while True:
            if holds():
                return
            await asyncio.sleep(_BLINK)
