"""What the hub knows of a store, whatever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Row = Mapping[str, Any]

SINCE_EVER = float("-inf")
"""When a store began to run whose answer is durable at once, so that no restart matters."""


class Store(Protocol):
    """Takes lines of line protocol and answers only when it has them."""

    name: str
    """What the log calls it, without secrets."""

    durable_after: float
    """Seconds after its answer until a write survives a crash of the store; acknowledgements wait that long."""

    async def running_since(self) -> float:
        """Return a monotonic time of this machine from which on the store has surely run without a break.

        A write that began before it may be lost if it was not durable yet. Raises TryAgain or Hold.
        """
        ...

    async def prepare(self) -> None:
        """Create the database where that is possible and missing; raises TryAgain or Hold."""
        ...

    async def write(self, lines: Sequence[bytes]) -> None:
        """Store lines, each ended by a line feed; returns only after the store's yes.

        Raises TryAgain, TooSlow, Hold, LimitReached, BadLines or TooLarge. After BadLines and LimitReached the other
        lines may be stored or not.
        """
        ...

    async def query(self, statement: str) -> list[Row]:
        """Return rows for a statement in the store's own read language; raises QueryRefused, TryAgain or Hold."""
        ...

    async def close(self) -> None:
        """Let the store go."""
        ...
