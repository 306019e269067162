"""SIGTERM, Ctrl-C and a set time end a service by an event, and only these."""

from __future__ import annotations

import asyncio
import signal

import pytest

from service.stopping import stop_event


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_sets_the_event_and_kills_nobody(number: signal.Signals) -> None:
    stop = stop_event()
    await asyncio.sleep(0)
    assert not stop.is_set()
    signal.raise_signal(number)
    async with asyncio.timeout(5):
        await stop.wait()
    assert stop.is_asked


async def test_signals_may_come_again() -> None:
    stop = stop_event()
    for _ in range(3):
        signal.raise_signal(signal.SIGTERM)
    async with asyncio.timeout(5):
        await stop.wait()
    signal.raise_signal(signal.SIGTERM)
    await asyncio.sleep(0)
    assert stop.is_set()


@pytest.mark.parametrize("after", [0, 0.01])
async def test_a_set_time_sets_the_event(after: float) -> None:
    async with asyncio.timeout(5):
        await (stop := stop_event(after)).wait()
    assert not stop.is_asked


async def test_no_time_means_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_later", lambda after, _: asked.append(after))
    stop_event()
    assert asked == []
    stop_event(7200)
    assert asked == [7200]
