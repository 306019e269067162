"""The spool's thread: calls run in order and to their end, whoever stops waiting for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from edge_agent.delivery.desk import SpoolDesk
from edge_agent.delivery.gaps import Gap
from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolDamaged, SpoolUnwritable
from tests.support.spooling import STAMP, opened, taken
from tests.support.waiting import until


@pytest.fixture
async def spool(tmp_path: Path) -> Spool:
    return opened(tmp_path / "spool")


@pytest.fixture
async def desk(spool: Spool) -> AsyncIterator[SpoolDesk]:
    made = SpoolDesk(lambda: spool)
    yield made
    await made.close()


async def test_calls_run_in_the_order_in_which_they_came(desk: SpoolDesk):
    numbers = await asyncio.gather(*(desk.commit([taken()], STAMP) for _ in range(50)))
    assert numbers == list(range(1, 51))


async def test_a_commit_runs_to_its_end_though_nobody_waits_for_it(desk: SpoolDesk, spool: Spool):
    """Both the one at work and the one behind it: that they were committed is never in doubt."""
    go_on, busy = threading.Event(), threading.Event()
    forget = spool.forget

    def slow(number: int, *gaps: Sequence[Gap]) -> None:
        busy.set()
        go_on.wait(10)
        forget(number, *gaps)

    spool.forget = slow  # type: ignore[method-assign]  # a slow disk
    waiting = asyncio.create_task(desk.forget(1), name="at work")
    behind = asyncio.create_task(desk.commit([taken()], STAMP), name="behind")
    await until(busy.is_set)
    for task in (waiting, behind):
        task.cancel()
    await asyncio.gather(waiting, behind, return_exceptions=True)
    assert waiting.cancelled()
    assert behind.cancelled()
    go_on.set()
    assert await desk.commit([taken()], STAMP) == 2


async def test_an_error_of_the_spool_is_raised_where_it_was_called(desk: SpoolDesk, spool: Spool):
    with pytest.raises(ZeroDivisionError):
        await desk._do(lambda _: 1 // 0)
    assert await desk.commit([taken()], STAMP) == 1


async def test_a_slow_disk_does_not_hold_up_the_event_loop(desk: SpoolDesk, spool: Spool):
    go_on = threading.Event()
    slow = asyncio.create_task(desk._do(lambda _: go_on.wait(10)), name="slow")
    for _ in range(100):
        await asyncio.sleep(0)
    assert not slow.done()
    go_on.set()
    assert await slow


async def test_a_spool_found_damaged_while_it_is_opened_is_opened_again(spool: Spool):
    """The new file may lie on the same rotten blocks; readings wait in memory meanwhile."""
    found: list[Spool | Exception] = [SpoolDamaged("bad block"), spool]

    def open_spool() -> Spool:
        next_found = found.pop(0)
        if isinstance(next_found, Exception):
            raise next_found
        return next_found

    desk = SpoolDesk(open_spool)
    with pytest.raises(SpoolUnwritable, match="bad block"):
        await desk.commit([taken()], STAMP)
    assert await desk.commit([taken()], STAMP) == 1
    await desk.close()
