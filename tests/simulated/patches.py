"""The one place where production code is told of the simulated world: its clocks, chance, names, links and disks."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import logging
import random
import secrets
import sqlite3
import sys
import time
import types
from collections.abc import Iterator
from functools import cache
from typing import Any

import edge_agent.delivery.committer
import edge_agent.delivery.takeover
import edge_agent.delivery.uplink
import hub.acks
import hub.hub
from tests.simulated.disk import DiskConnection
from tests.simulated.process import CURRENT

_ROOMS = ("edge_agent.", "hub.", "service.", "telemetry.")
_NS = 10**9


class _VirtualTime(types.ModuleType):
    """Stands for the module `time`."""

    @staticmethod
    def monotonic() -> float:
        return asyncio.get_running_loop().time()

    @staticmethod
    def monotonic_ns() -> int:
        return round(asyncio.get_running_loop().time() * _NS)

    @staticmethod
    def time_ns() -> int:
        return CURRENT.get().host.wall_ns()

    @staticmethod
    def time() -> float:
        return CURRENT.get().host.wall_ns() / _NS


class _VirtualDatetime(dt.datetime):
    """Stands for the class `datetime`."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return dt.datetime.fromtimestamp(_TIME.time(), tz)


_TIME = _VirtualTime("time")
_SAME: dict[Any, Any] = {
    time.monotonic: _TIME.monotonic, time.monotonic_ns: _TIME.monotonic_ns,
    time.time_ns: _TIME.time_ns, time.time: _TIME.time,
}  # fmt: skip


@cache
def _places() -> list[tuple[Any, str, Any]]:
    """Return where production code holds on to a clock: object, attribute, and what belongs there."""
    found: list[tuple[Any, str, Any]] = []
    for name, module in sorted(sys.modules.items()):
        if not name.startswith(_ROOMS):
            continue
        if getattr(module, "time", None) is time:
            found.append((module, "time", _TIME))
        if getattr(module, "datetime", None) is dt.datetime:
            found.append((module, "datetime", _VirtualDatetime))
        for held in vars(module).values():
            if getattr(held, "__module__", None) == name:
                found += _defaults(held)
    return found


def _defaults(held: Any) -> Iterator[tuple[Any, str, Any]]:
    """Yield the functions whose default arguments are clocks."""
    functions = vars(held).values() if isinstance(held, type) else [held]
    for function in functions:
        defaults = getattr(function, "__defaults__", None) or ()
        if isinstance(function, types.FunctionType) and any(_is_clock(value) for value in defaults):
            kept = tuple(_SAME[value] if _is_clock(value) else value for value in defaults)
            yield function, "__defaults__", kept


def _is_clock(value: Any) -> bool:
    return isinstance(value, types.BuiltinFunctionType) and value in _SAME


@contextlib.contextmanager
def installed(seed: int, connected: Any, *, small: dict[str, int], loud: bool) -> Iterator[None]:
    """Put production code into the simulated world; `small` lowers its bounds so that they are met."""
    tokens = random.Random(f"tokens {seed}")
    connect = sqlite3.connect
    chance = random.getstate()
    replaced = [
        *_places(),
        (secrets, "token_hex", lambda size=16: f"{tokens.getrandbits(8 * size):0{2 * size}x}"),
        (sqlite3, "connect", lambda *args, **kwargs: connect(*args, factory=DiskConnection, **kwargs)),
        (edge_agent.delivery.uplink, "connected", connected),
        (hub.hub, "connected", connected),
        (edge_agent.delivery.committer, "_QUEUE", small["queue"]),
        (edge_agent.delivery.committer, "_MEMORY", small["memory"]),
        (edge_agent.delivery.takeover, "_PORTION", small["portion"]),
        (hub.acks, "_MOST", small["acks"]),
        (hub.hub, "_ARRIVALS_BYTES", small["arrivals"]),
        (hub.hub, "_MESSAGES_QUEUED", small["inbox"]),
    ]
    before = [(where, name, getattr(where, name)) for where, name, _ in replaced]
    disabled = logging.root.manager.disable
    gc_was_on = gc.isenabled()
    try:
        gc.disable()  # finalisers must not run at moments that hang on other runs
        logging.disable(logging.NOTSET if loud else logging.CRITICAL)
        random.seed(seed)
        for where, name, value in replaced:
            setattr(where, name, value)
        yield
    finally:
        for where, name, value in reversed(before):
            setattr(where, name, value)
        random.setstate(chance)
        logging.disable(disabled)
        if gc_was_on:
            gc.enable()
