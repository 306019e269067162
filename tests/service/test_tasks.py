"""Coroutines that belong together end together, and the first error is heard."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from service.tasks import together


class Work:
    """Coroutines that note how they ended."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.ended: list[str] = []

    async def waits(self, name: str = "waits") -> None:
        self.began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.ended.append(f"{name} cancelled")
            raise

    async def ends(self) -> None:
        await self.began.wait()
        self.ended.append("ended")

    async def fails(self, error: Exception) -> None:
        await self.began.wait()
        raise error


def others() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_when_one_ends_the_others_are_cancelled_and_waited_for() -> None:
    work = Work()
    await together(a=work.waits("a"), b=work.ends(), c=work.waits("c"))
    assert sorted(work.ended) == ["a cancelled", "c cancelled", "ended"]
    assert not others()


async def test_an_error_is_raised_as_it_is_and_the_others_are_cancelled() -> None:
    work, error = Work(), RuntimeError("broker")
    with pytest.raises(RuntimeError) as raised:
        await together(a=work.waits(), b=work.fails(error))
    assert raised.value is error
    assert work.ended == ["waits cancelled"]
    assert not others()


async def test_two_errors_at_once_raise_one_of_them_and_lose_no_task() -> None:
    async def fails(text: str) -> None:
        raise ValueError(text)

    with pytest.raises(ValueError, match=r"one|two"):
        await together(a=fails("one"), b=fails("two"))
    assert not others()


async def test_cancellation_from_outside_reaches_everybody() -> None:
    work = Work()
    both = asyncio.create_task(together(a=work.waits("a"), b=work.waits("b")))
    await work.began.wait()
    both.cancel()
    with pytest.raises(asyncio.CancelledError):
        await both
    assert sorted(work.ended) == ["a cancelled", "b cancelled"]
    assert not others()


async def test_an_error_while_being_cancelled_does_not_hide_the_first() -> None:
    async def sulks() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise KeyError("while ending")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise RuntimeError("first")

    with pytest.raises(RuntimeError, match="first"):
        await together(a=sulks(), b=fails())
    assert not others()


async def test_one_that_takes_its_time_to_end_is_waited_for() -> None:
    tidied = asyncio.Event()

    async def tidies() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tidied.set()

    async def ends() -> None:
        await asyncio.sleep(0)

    await together(a=tidies(), b=ends())
    assert tidied.is_set()


async def test_tasks_carry_their_names() -> None:
    names: list[str] = []

    async def tells() -> None:
        task = asyncio.current_task()
        assert task is not None
        names.append(task.get_name())

    await together(uplink_send=tells())
    assert names == ["uplink.send"]


async def test_who_is_cancelled_again_while_it_waits_for_the_others_leaves_none_behind() -> None:
    ending, may_end = asyncio.Event(), asyncio.Event()

    async def lingers() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ending.set()
            while not may_end.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait_for(may_end.wait(), 20)
            raise

    outer = asyncio.create_task(together(a=lingers()), name="outer")
    await asyncio.sleep(0)
    outer.cancel()
    await ending.wait()
    outer.cancel()
    await asyncio.sleep(0.01)
    assert not outer.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await outer
    assert not others()
