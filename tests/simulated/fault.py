"""What a fault of the simulated world is."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulated.world import World

Fault = Callable[["World", random.Random], Awaitable[None]]
"""Happens to a world, draws what is left open, and undoes itself when it ends."""
