"""The hub, broken on purpose: each function makes the broken code from the sound."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from hub.errors import BadLines, Hold, TryAgain
from hub.settling import Outcome


def ack_before_write(sound: Any) -> Any:
    """Acknowledge first."""

    async def broken(self: Any, arrived: Any) -> None:
        for batch in arrived:
            self._acknowledge(batch, Outcome(asyncio.get_running_loop().time(), {}))
        await sound(self, arrived)

    return broken


def hold_counts_as_yes(sound: Any) -> Any:
    """Drop what a store refuses that needs a person."""

    async def broken(write: Any, batches: Any) -> Any:
        with contextlib.suppress(Hold):
            return await sound(write, batches)
        return [Outcome(asyncio.get_running_loop().time(), {}) for _ in batches]

    return broken


def no_answer_counts_as_yes(sound: Any) -> Any:
    """Take silence for consent."""

    async def broken(write: Any, lines: Any) -> Any:
        with contextlib.suppress(TryAgain):
            return await sound(write, lines)
        return {}

    return broken


def bad_lines_tried_for_ever(sound: Any) -> Any:
    """Write refused lines again and again."""

    async def broken(write: Any, lines: Any) -> Any:
        try:
            await write(lines)
        except BadLines as error:
            raise TryAgain(str(error)) from error
        return {}

    return broken


def bad_line_kills_its_batch(sound: Any) -> Any:
    """Refuse the good lines beside a bad one."""

    async def broken(write: Any, lines: Any) -> Any:
        refused = await sound(write, lines)
        return dict.fromkeys(range(len(lines)), "its neighbour is bad") if refused else refused

    return broken


def refusals_of_another_batch(sound: Any) -> Any:
    """Mix up whose lines were refused."""

    def broken(begun: float, batches: Any, refused: Any) -> Any:
        outcomes = sound(begun, batches, refused)
        return outcomes[1:] + outcomes[:1]

    return broken


def arrivals_without_bound(sound: Any) -> Any:
    """Let everything in."""

    async def broken(self: Any, arrived: Any) -> None:
        most, self._most = self._most, 10**12
        await sound(self, arrived)
        self._most = most

    return broken


def every_batch_once(sound: Any) -> Any:
    """Take no batch that was taken before."""

    async def broken(self: Any, most_lines: int) -> Any:
        taken = await sound(self, most_lines)
        self._keys.update(batch.key for batch in taken)
        return taken

    return broken


async def never_asks(self: Any) -> None:
    """Say held acknowledgements without asking the store whether it ran on."""
    now = asyncio.get_running_loop().time()
    self._sure.extend(held.message for held in self._held if held.due <= now)
    for held in [held for held in self._held if held.due <= now]:
        self._held.remove(held)
