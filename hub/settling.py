"""Writes lines to a store until each has its outcome: stored, or dead with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.errors import BadLines, TooLarge, TryAgain
from hub.stores.store import Store


async def settle(store: Store, lines: Sequence[bytes]) -> Mapping[int, str]:
    """Write all lines; return the reason for each that the store will never take, by its index.

    A refused line is found by halving and tried once alone, so it costs at most log2(n) + 3 writes. Raises TryAgain or
    Hold, and then nothing is settled; writing again is harmless, since the same line is the same row.
    """
    dead: dict[int, str] = {}
    alive = list(range(len(lines)))
    while alive:
        why = await _refusal(store, [lines[i] for i in alive])
        if why is None:
            return dead
        found = await _first_bad(store, lines, alive)
        alone = await _refusal(store, [lines[alive[found]]])
        if alone is None:
            raise TryAgain(f"{store.name} refuses lines together that it takes alone: {why}")
        dead[alive[found]] = alone
        del alive[found]
    return dead


async def _first_bad(store: Store, lines: Sequence[bytes], alive: Sequence[int]) -> int:
    """Return the position in `alive` of the first refused line."""
    low, high = 0, len(alive)
    while high - low > 1:
        middle = (low + high) // 2
        if await _refusal(store, [lines[i] for i in alive[low:middle]]) is None:
            low = middle
        else:
            high = middle
    return low


async def _refusal(store: Store, lines: Sequence[bytes]) -> str | None:
    """Write lines, in halves where they are too many at once; return why the store refuses one, None if it does not."""
    try:
        await store.write(lines)
    except BadLines as error:
        return str(error)
    except TooLarge as error:
        if len(lines) == 1:
            return str(error)
        middle = len(lines) // 2
        return await _refusal(store, lines[:middle]) or await _refusal(store, lines[middle:])
    return None
