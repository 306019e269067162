"""The agent, broken on purpose: each function makes the broken code from the sound."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from edge_agent.clock import Clock, Stamp
from service.wall_clock import is_set
from telemetry.ack import Ack
from tests.simulated.process import CURRENT


def forget_on_puback(sound: Any) -> Any:
    """Take the broker's word for the hub's."""

    async def broken(self: Any, link: Any, number: int) -> None:
        await sound(self, link, number)
        await self._desk.forget(number)
        self._window.settle(number)

    return broken


def any_epoch(sound: Any) -> Any:
    """Take a word on another spool's batch."""

    async def broken(self: Any, heard: Ack) -> None:
        await sound(self, replace(heard, epoch=self._desk.epoch))

    return broken


def cursor_ahead(sound: Any) -> Any:
    """Believe all that was there before the link to be delivered."""

    def broken(self: Any, newest: int, released: Any) -> None:
        sound(self, newest, released)
        self.backlog = self.split

    return broken


def memory_without_bound(sound: Any) -> Any:
    """Keep everything while the disk refuses."""

    def broken(self: Any, put: Any) -> None:
        if put is not None:
            self._pending.append(put)

    return broken


def lost_in_silence(sound: Any) -> Any:
    """Tell nobody what memory had no room for."""

    async def broken(self: Any, taken: Any, stamp: Any, lost: Any = None) -> Any:
        return await sound(self, taken, stamp, {})

    return broken


async def nothing_more(_self: object) -> None:
    """Do nothing at the end."""


def refused_is_gone(sound: Any) -> Any:
    """Go on with the next readings where the disk refuses some."""

    async def broken(self: Any, error: Any) -> None:
        self._pending.clear()
        await sound(self, error)

    return broken


async def nothing_missing(_self: object, _heard: object) -> tuple[list[Any], list[Any]]:
    """Tell nobody what the hub refused."""
    return [], []


def believed(sound: Any) -> Any:
    """Believe any clock that is set."""

    def broken(self: Clock) -> Stamp | None:
        wall_ms = self.wall_ns() // 1_000_000
        return Stamp(wall_ms, self.monotonic_ns()) if is_set(wall_ms) else None

    return broken


def never_resends(sound: Any) -> Any:
    """Send every batch once a link, and wait for its word for ever."""

    async def broken(self: Any, link: Any, number: int) -> None:
        if self._window._waiting[number].tries:
            self._window.sent(number, asyncio.get_running_loop().time())
        else:
            await sound(self, link, number)

    return broken


def wall_clock(_: Any) -> Any:
    """Measure waits with the wall clock."""
    return SimpleNamespace(monotonic=lambda: CURRENT.get().host.wall_ns() / 10**9)
