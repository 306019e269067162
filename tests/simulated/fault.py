"""What a fault of the simulated world is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulated.world import World

Fault = Callable[["World", random.Random], Awaitable[None]]
"""Happens to a world, draws what is left open, and undoes itself when it ends."""


async def worsen(target: object, usual: object, figures: Mapping[str, float], seconds: float) -> None:
    """Make some figures of a target bad for a while, and then as they usually are."""
    before = {name: getattr(usual, name) for name in figures}
    for name, figure in figures.items():
        setattr(target, name, figure)
    try:
        await asyncio.sleep(seconds)
    finally:
        for name, figure in before.items():
            setattr(target, name, figure)
