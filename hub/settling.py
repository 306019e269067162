"""Writes lines to a store until each has its outcome: stored, or dead with a reason."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from hub.errors import BadLines, LimitReached, TooLarge, TryAgain

Write = Callable[[Sequence[bytes]], Awaitable[None]]
"""A store's write."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: when its write began, the reason for each refused line by its index.

    Or that a limit of the store stands against it; then the store may lack lines of it.
    """

    begun: float
    refused: Mapping[int, str]
    limit: str = ""


async def settle_batches(write: Write, batches: Sequence[Sequence[bytes]]) -> list[Outcome]:
    """Write batches together and return the outcome of each; those that meet a limit are found by halving."""
    begun = time.monotonic()
    lines = [line for batch in batches for line in batch]
    try:
        refused = await settle(write, lines) if lines else {}
    except LimitReached as error:
        if len(batches) == 1:
            return [Outcome(begun, {}, limit=str(error))]
        middle = len(batches) // 2
        return await settle_batches(write, batches[:middle]) + await settle_batches(write, batches[middle:])
    return _outcomes(begun, batches, refused)


def _outcomes(begun: float, batches: Sequence[Sequence[bytes]], refused: Mapping[int, str]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    first = 0
    for batch in batches:
        own = {index: refused[first + index] for index in range(len(batch)) if first + index in refused}
        outcomes.append(Outcome(begun, own))
        first += len(batch)
    return outcomes


async def settle(write: Write, lines: Sequence[bytes]) -> Mapping[int, str]:
    """Write all lines; return the reason for each that the store will never take, by its index.

    A refused line is found by halving and tried once alone, so one costs at most log2(n) + 3 writes. From the second on
    the next step is as long as the last two were apart: where all are refused, each costs one write. Raises TryAgain or
    Hold, and then nothing is settled; writing again is harmless, since the same line is the same row.
    """
    dead: dict[int, str] = {}
    first, step = 0, len(lines)
    while first < len(lines):
        group = lines[first : first + step]
        why = await _refusal(write, group)
        if why is None:
            first, step = first + step, step * 2
            continue
        found = await _first_bad(write, group)
        dead[first + found] = await _reason_alone(write, group[found], why) if len(group) > 1 else why
        if len(dead) > 1:
            step = found + 1
        first += found + 1
    return dead


async def _first_bad(write: Write, lines: Sequence[bytes]) -> int:
    """Return the place of the first refused line; those before it are stored."""
    low, high = 0, len(lines)
    while high - low > 1:
        middle = (low + high) // 2
        if await _refusal(write, lines[low:middle]) is None:
            low = middle
        else:
            high = middle
    return low


async def _reason_alone(write: Write, line: bytes, together: str) -> str:
    """Return why the store refuses one line; raises TryAgain if it takes it now."""
    why = await _refusal(write, [line])
    if why is None:
        raise TryAgain(f"the store refuses lines together that it takes alone: {together}")
    return why


async def _refusal(write: Write, lines: Sequence[bytes]) -> str | None:
    """Write lines, in halves where they are too many at once; return why the store refuses one, None if it does not."""
    try:
        await write(lines)
    except BadLines as error:
        return str(error)
    except TooLarge as error:
        if len(lines) == 1:
            return str(error)
        middle = len(lines) // 2
        return await _refusal(write, lines[:middle]) or await _refusal(write, lines[middle:])
    return None
