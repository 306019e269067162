"""A watchdog that is fed often, by loops that soon count as stuck, for tests of both services."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from service import progress as progress_module
from service.progress import Progress
from tests.support.notifications import NotifySocket, listening
from tests.support.waiting import until


@contextlib.contextmanager
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotifySocket]:
    """Yield systemd's ear; loops count as stuck after half a second and the watchdog is fed every 20 ms."""
    monkeypatch.setattr(progress_module, "PATIENCE", 0.5)
    monkeypatch.setattr(progress_module, "_SLICE", 0.1)
    monkeypatch.setattr("service.heartbeat._TICK", 0.02)
    with listening() as heard:
        monkeypatch.setenv("NOTIFY_SOCKET", str(heard.path))
        yield heard


async def fed(systemd: NotifySocket) -> None:
    """Wait until the watchdog is fed."""
    systemd.waiting()
    await until(lambda: any(said.startswith("WATCHDOG=1") for said in systemd.waiting()))


async def starves(progress: Progress, systemd: NotifySocket, loop: str) -> None:
    """Wait until a loop counts as stuck, and see that from then on the watchdog is not fed."""
    await until(lambda: progress.stuck() == [loop])
    await asyncio.sleep(0.05)
    systemd.waiting()
    await asyncio.sleep(0.3)
    assert systemd.waiting() == []
