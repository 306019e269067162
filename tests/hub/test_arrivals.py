"""The hub's one queue: first in, first out, each batch once, bounded in bytes."""

from __future__ import annotations

import asyncio

import pytest

from hub.arrivals import Arrivals, Arrived
from telemetry.ack import DeadLine
from telemetry.reading import Place
from tests.hub.kit import EPOCH, PLACE, lines

KIB = 1024


def arrived(number: int, *, count: int = 1, place: Place = PLACE, epoch: str = EPOCH, dead: int = 0) -> Arrived:
    said = tuple(lines(count, first=number * 1000))
    return Arrived(place, epoch, number, said, tuple(range(1, count + 1)), (DeadLine(1, "x" * 50),) * dead)


def sized(number: int, size: int) -> Arrived:
    return Arrived(PLACE, EPOCH, number, (b"x" * size,), (1,), ())


async def taken(arrivals: Arrivals, most_lines: int = 10**9) -> list[int]:
    return [batch.number for batch in await arrivals.take(most_lines)]


async def is_waiting(task: asyncio.Task[object]) -> bool:
    for _ in range(5):
        await asyncio.sleep(0)
    return not task.done()


async def test_first_in_first_out() -> None:
    arrivals = Arrivals(KIB**2)
    for number in (3, 1, 2, 9, 0):
        await arrivals.put(arrived(number))
    assert await taken(arrivals) == [3, 1, 2, 9, 0]


async def test_a_batch_that_waits_is_not_taken_twice_but_one_that_left_may_come_again() -> None:
    arrivals = Arrivals(KIB**2)
    for number in (1, 2, 1, 1, 2):
        await arrivals.put(arrived(number))
    assert await taken(arrivals) == [1, 2]
    await arrivals.put(arrived(1))
    assert await taken(arrivals) == [1]


async def test_agent_epoch_and_number_together_name_a_batch() -> None:
    arrivals = Arrivals(KIB**2)
    batches = [
        arrived(1),
        arrived(1, place=Place("simpang-empat", "se-2")),
        arrived(1, place=Place("kota-lain", "se-1")),
        arrived(1, epoch="0" * 16),
    ]
    for batch in batches:
        await arrivals.put(batch)
    assert await arrivals.take(10**9) == batches


@pytest.mark.parametrize(("most_lines", "expected"), [(0, [0]), (1, [0]), (10, [0]), (29, [0, 1]), (30, [0, 1, 2])])
async def test_as_many_whole_batches_as_fit_but_never_none(most_lines: int, expected: list[int]) -> None:
    arrivals = Arrivals(KIB**2)
    for number in range(4):
        await arrivals.put(arrived(number, count=10))
    assert await taken(arrivals, most_lines) == expected
    assert await taken(arrivals) == [number for number in range(4) if number not in expected]


async def test_take_waits_for_a_batch() -> None:
    arrivals = Arrivals(KIB)
    taking = asyncio.create_task(taken(arrivals))
    assert await is_waiting(taking)
    await arrivals.put(arrived(5))
    assert await taking == [5]


async def test_put_waits_while_there_are_too_many_bytes() -> None:
    arrivals = Arrivals(KIB)
    await arrivals.put(sized(1, KIB - 1))
    await arrivals.put(sized(2, KIB))
    third = asyncio.create_task(arrivals.put(sized(3, 1)))
    assert await is_waiting(third)
    assert await taken(arrivals, 1) == [1]
    assert await is_waiting(third)
    assert await taken(arrivals, 1) == [2]
    await third
    assert await taken(arrivals) == [3]


async def test_of_many_that_come_at_once_only_as_many_as_fit_are_taken_in() -> None:
    arrivals = Arrivals(10 * KIB)
    putting = [asyncio.create_task(arrivals.put(sized(number, KIB))) for number in range(100)]
    for first in range(90):
        assert await is_waiting(putting[-1])
        assert sum(task.done() for task in putting) == first + 10
        assert await taken(arrivals, 1) == [first]
    await asyncio.gather(*putting)


async def test_dead_lines_count_against_the_bound() -> None:
    arrivals = Arrivals(10 * KIB)
    await arrivals.put(arrived(1, count=0, dead=100))
    second = asyncio.create_task(arrivals.put(arrived(2, count=0, dead=100)))
    assert await is_waiting(second)
    assert await taken(arrivals, 0) == [1]
    await second


async def test_a_put_that_is_given_up_leaves_nothing_behind() -> None:
    arrivals = Arrivals(1)
    await arrivals.put(arrived(1))
    second = asyncio.create_task(arrivals.put(arrived(2)))
    assert await is_waiting(second)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert await taken(arrivals) == [1]
    await arrivals.put(arrived(2))
    assert await taken(arrivals) == [2]


async def test_a_take_that_is_given_up_loses_nothing() -> None:
    arrivals = Arrivals(KIB**2)
    for number in range(200):
        taking = asyncio.create_task(taken(arrivals))
        putting = asyncio.create_task(arrivals.put(arrived(number)))
        for _ in range(number % 6):
            await asyncio.sleep(0)
        taking.cancel()
        (found, _) = await asyncio.gather(taking, putting, return_exceptions=True)
        assert (found if isinstance(found, list) else await taken(arrivals)) == [number]
