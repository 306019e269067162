"""However a store refuses lines: the good ones are stored, the bad ones named, and few writes spent."""

from __future__ import annotations

from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Hold, StoreError, TryAgain
from hub.settling import settle
from tests.hub.kit import FakeStore, lines


def refuses(said: list[bytes], bad: set[int], *, most: int = 10**9) -> FakeStore:
    hated = {said[index] for index in bad}
    return FakeStore(bad=hated.__contains__, most=most)


async def settled(said: list[bytes], bad: set[int], *, most: int = 10**9) -> FakeStore:
    """Settle against a store that refuses some lines, and demand the exact outcome."""
    store = refuses(said, bad, most=most)
    dead = await settle(store.write, said)
    assert set(dead) == bad
    assert all(dead.values())
    assert store.stored() == {line for index, line in enumerate(said) if index not in bad}
    return store


@given(count=st.integers(0, 60), data=st.data(), most=st.sampled_from([1, 2, 3, 7, 10**9]))
async def test_outcome_is_exact_whatever_is_refused(count: int, data: st.DataObject, most: int) -> None:
    bad = data.draw(st.sets(st.integers(0, max(0, count - 1)), max_size=count))
    await settled(lines(count), bad if count else set(), most=most)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 100, 257, 1000])
async def test_one_bad_line_costs_few_writes_wherever_it_stands(count: int) -> None:
    said = lines(count)
    for index in {*range(min(count, 20)), count // 2, count - 2, count - 1} & set(range(count)):
        store = await settled(said, {index})
        assert len(store.tries) <= ceil(log2(count)) + 3


async def test_reason_of_a_bad_line_is_its_own() -> None:
    said = lines(10)
    dead = await settle(refuses(said, {3, 7}).write, said)
    assert dead == {3: f"refused: {said[3]!r}", 7: f"refused: {said[7]!r}"}


async def test_nothing_to_write_writes_nothing() -> None:
    assert (await settled([], set())).tries == []


async def test_no_bad_line_costs_one_write() -> None:
    assert len((await settled(lines(500), set())).tries) == 1


async def test_where_all_are_refused_each_costs_about_one_write() -> None:
    said = lines(2000)
    store = await settled(said, set(range(2000)))
    assert len(store.tries) <= 2000 + 2 * (ceil(log2(2000)) + 3)


async def test_every_tenth_refused_costs_far_less_than_one_write_a_line() -> None:
    bad = set(range(0, 2000, 10))
    store = await settled(lines(2000), bad)
    assert len(store.tries) <= len(bad) * (ceil(log2(10)) + 4) + 30


async def test_too_many_at_once_are_split_until_they_fit() -> None:
    store = await settled(lines(100), set(), most=7)
    assert max(len(tried) for tried in store.tries if len(tried) <= 7) == 7


async def test_a_line_that_is_too_large_alone_is_dead() -> None:
    said = lines(3)
    assert set(await settle(refuses(said, set(), most=0).write, said)) == {0, 1, 2}


@pytest.mark.parametrize("trouble", [TryAgain("down"), Hold("password")])
@pytest.mark.parametrize("at", range(7))
async def test_trouble_at_any_write_settles_nothing_and_a_second_try_everything(trouble: StoreError, at: int) -> None:
    said = lines(16)
    store = refuses(said, {5})
    store.script = iter([*[None] * at, trouble])
    with pytest.raises(type(trouble)):
        await settle(store.write, said)
    assert len(store.tries) == at + 1
    assert set(await settle(store.write, said)) == {5}
    assert store.stored() == set(said) - {said[5]}


async def test_lines_refused_together_but_taken_alone_are_tried_again_not_killed() -> None:
    store = FakeStore()
    store.bad = lambda _: len(store.tries[-1]) > 1
    with pytest.raises(TryAgain, match="takes alone"):
        await settle(store.write, lines(4))
