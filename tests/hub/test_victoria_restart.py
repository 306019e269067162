"""VictoriaMetrics forgets what it took just before a crash: no acknowledgement for it, and the resend is stored."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.config import VictoriaStore
from hub.errors import Hold, TryAgain
from hub.stores.influx2 import Influx2
from hub.stores.store import SINCE_EVER
from telemetry.ack import Ack
from telemetry.batch import Batch
from tests.hub.kit import Player, batch, lines, player, running, settings, until
from tests.hub.test_influx2 import exported
from tests.support.scripted_http import Answer, ScriptedHttp, refusing
from tests.support.servers import Server

HOLD = 3.0
"""Seconds; shorter than VictoriaMetrics needs, and enough for a kill and a start."""


@asynccontextmanager
async def opened(url: str, durable_after: float = HOLD) -> AsyncIterator[Influx2]:
    store = Influx2(url, "kota", "simpang", "", durable_after=durable_after)
    try:
        yield store
    finally:
        await store.close()


async def seqs(victoria: Server) -> set[float]:
    return {value for _, samples in await exported(victoria, "air_seq") for _, value in samples}


async def seqs_in_time(victoria: Server, count: int) -> set[float]:
    """Return what is stored; a VictoriaMetrics that began anew shows new rows only after some seconds."""
    for _ in range(100):
        if len(await seqs(victoria)) >= count:
            break
        await asyncio.sleep(0.3)
    return await seqs(victoria)


async def said_again(agent: Player, said: Batch) -> Ack:
    """Say a batch until its acknowledgement comes; what is written in the store's first second may not count."""
    for _ in range(4):
        await agent.say(said)
        with contextlib.suppress(TimeoutError):
            return await agent.ack_of(said, within=2 * HOLD)
    raise AssertionError("no acknowledgement came")


@pytest.mark.parametrize("away", [0.0, 2 * HOLD])
async def test_what_a_killed_store_forgot_is_not_acknowledged_and_its_resend_is_stored(
    tmp_path: Path, broker: Server, victoria: Server, away: float
) -> None:
    """The store is back before the hold is over, or long after it."""
    wanted = settings(
        broker.port, tmp_path, store=VictoriaStore(kind="victoriametrics", url=victoria.url, durable_after=HOLD)
    )
    await asyncio.sleep(1.5)
    async with running(wanted) as hub, player(broker) as agent:
        await until(lambda: hub.figures()["online"], "the hub")
        said = batch(1, lines(50))
        await agent.say(said)
        await until(lambda: hub.figures()["written"].get("stored") == 50, "the write")
        victoria.kill()
        await asyncio.sleep(away)
        victoria.start()
        assert await seqs(victoria) == set()
        await until(lambda: not hub.acks._held, "the end of the hold")
        await asyncio.sleep(0.5)
        assert hub.acks.said == 0
        assert (await said_again(agent, said)).stored == 50
        await until(lambda: hub.acks.said == 1, "the one acknowledgement")
    assert await seqs_in_time(victoria, 50) == set(range(50))


async def test_what_a_running_store_took_is_acknowledged_after_the_hold(
    tmp_path: Path, broker: Server, victoria: Server
) -> None:
    wanted = settings(
        broker.port, tmp_path, store=VictoriaStore(kind="victoriametrics", url=victoria.url, durable_after=HOLD)
    )
    await asyncio.sleep(1.5)
    async with running(wanted) as hub, player(broker) as agent:
        await until(lambda: hub.figures()["online"], "the hub")
        asked = time.monotonic()
        for number in range(20):
            await agent.say(batch(number, lines(10, first=10 * number)))
        assert (await agent.ack_of(batch(19, []))).stored == 10
        assert time.monotonic() - asked >= HOLD
        await until(lambda: hub.acks.said == 20, "all acknowledgements")


async def test_a_store_tells_since_when_it_runs_never_too_early(victoria: Server) -> None:
    async with opened(victoria.url) as store:
        for _ in range(3):
            for _ in range(10):
                assert await store.running_since() > started_before(victoria)
                await asyncio.sleep(0.1)
            victoria.kill()
            with pytest.raises(TryAgain):
                await store.running_since()
            victoria.start()


def started_before(server: Server) -> float:
    """Return a monotonic time before the server's process began, from the kernel."""
    assert server.process is not None
    ticks = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()[19]
    return int(ticks) / 100 - 0.02


async def test_a_store_without_hold_is_not_asked() -> None:
    async with opened(refusing(), durable_after=0) as store:
        assert await store.running_since() == SINCE_EVER


@pytest.mark.parametrize("status", [200, 401, 404])
async def test_a_store_that_does_not_tell_is_held_before_it_gets_anything(status: int) -> None:
    said = Answer(status, b"# a page without the metric\n")
    with ScriptedHttp(elsewhere={"GET /metrics": said}) as server:
        async with opened(server.url) as store:
            with pytest.raises(Hold, match=rf"{server.url} answers {status} to /metrics .* durable_after = 0"):
                await store.prepare()


@pytest.mark.parametrize("answer", [Answer(503), Answer(reset=True)])
async def test_a_store_in_trouble_is_asked_again(answer: Answer) -> None:
    with ScriptedHttp(elsewhere={"GET /metrics": answer}) as server:
        async with opened(server.url) as store:
            with pytest.raises(TryAgain):
                await store.running_since()
