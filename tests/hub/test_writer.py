"""The writer acknowledges what the store has, each batch with its own outcome, and nothing else."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from hub import writer as hub_writer
from hub.arrivals import Arrived
from hub.errors import TryAgain
from telemetry.ack import Ack, DeadLine
from telemetry.reading import Place
from telemetry.status import State
from tests.hub.desks import desk, status, working
from tests.hub.kit import EPOCH, PLACE, FakeStore, lines, until

OTHER = Place("sekolah-2", "sd-2")


async def test_a_batch_is_stored_and_then_acknowledged(tmp_path: Path) -> None:
    async with working(desk(tmp_path)) as at:
        await at.put(7, lines(20))
        assert await at.acknowledged(1) == [Ack(EPOCH, 7, 20)]
        assert at.store.stored() == set(lines(20))
        assert at.store.prepared == 1
        assert at.said[0][0] == PLACE
        assert at.writer.done == {"batches": 1, "stored": 20, "dead": 0}


async def test_nothing_is_acknowledged_before_the_store_says_yes(tmp_path: Path) -> None:
    async with working(desk(tmp_path)) as at:
        at.store.gate.clear()
        for number in range(3):
            await at.put(number, lines(5, first=5 * number))
        await at.store.tried.wait()
        for _ in range(50):
            await asyncio.sleep(0)
        assert at.said == []
        at.store.gate.set()
        assert [ack.batch for ack in await at.acknowledged(3)] == [0, 1, 2]


async def test_a_yes_that_never_comes_is_never_acknowledged(tmp_path: Path) -> None:
    async with working(desk(tmp_path)) as at:
        at.store.gate.clear()
        await at.put(1, lines(5))
        await at.store.tried.wait()
    assert at.said == []
    assert at.writer.done["batches"] == 0


async def test_many_batches_share_a_write_and_each_has_its_own_outcome(tmp_path: Path) -> None:
    said = [lines(10, first=10 * number, place=place) for number, place in enumerate((PLACE, OTHER, PLACE, OTHER))]
    hated = {said[1][3], said[1][4], said[3][0]}
    at = desk(tmp_path, store=FakeStore(bad=hated.__contains__))
    for number, some in enumerate(said):
        await at.put(number, some, place=(PLACE, OTHER)[number % 2], dead=number)
    async with working(at):
        acks = await at.acknowledged(4)
    assert len(at.store.tries[0]) == 40
    assert [place for place, _, _ in at.said] == [PLACE, OTHER, PLACE, OTHER]
    assert [ack.stored for ack in acks] == [10, 8, 10, 9]
    assert [[dead.line for dead in ack.dead] for ack in acks] == [[], [4, 5, 11], [11, 12], [1, 11, 12, 13]]
    assert at.store.stored() == {line for some in said for line in some} - hated
    assert at.writer.done == {"batches": 4, "stored": 37, "dead": 9}


async def test_a_line_that_the_store_refuses_is_kept_with_the_stores_reason(tmp_path: Path) -> None:
    said = lines(3)
    at = desk(tmp_path, store=FakeStore(bad=[said[1]].__contains__))
    async with working(at):
        await at.put(7, said)
        (ack,) = await at.acknowledged(1)
    (letter,) = at.letters()
    assert (letter["topic"], letter["epoch"], letter["batch"], letter["line"]) == (
        "simpang/v1/simpang-empat/se-1/up/readings",
        EPOCH,
        7,
        2,
    )
    assert letter["text"] == said[1].decode().rstrip()
    assert letter["why"] == ack.dead[0].why == f"refused: {said[1]!r}"


async def test_lines_keep_the_numbers_they_had_in_the_batch(tmp_path: Path) -> None:
    said = lines(3)
    at = desk(tmp_path, store=FakeStore(bad=[said[2]].__contains__))
    async with working(at):
        await at.arrivals.put(Arrived(PLACE, EPOCH, 1, tuple(said), (2, 5, 9), (DeadLine(4, "x"),)))
        (ack,) = await at.acknowledged(1)
    assert [dead.line for dead in ack.dead] == [4, 9]
    assert ack.stored == 2


async def test_a_batch_without_a_good_line_is_acknowledged_without_a_write(tmp_path: Path) -> None:
    async with working(desk(tmp_path)) as at:
        await at.put(1, [], dead=3)
        (ack,) = await at.acknowledged(1)
    assert (ack.stored, len(ack.dead)) == (0, 3)
    assert at.store.tries == []


async def test_all_lines_refused_is_still_an_answer(tmp_path: Path) -> None:
    at = desk(tmp_path, store=FakeStore(bad=lambda _: True))
    async with working(at):
        await at.put(1, lines(50))
        (ack,) = await at.acknowledged(1)
    assert ack.stored == 0
    assert [dead.line for dead in ack.dead] == list(range(1, 51))
    assert at.store.rows == {}


async def test_an_acknowledgement_says_when_its_write_began_whichever_try_it_was(tmp_path: Path) -> None:
    at = desk(tmp_path, [TryAgain("down"), TryAgain("down"), None])
    at.store.gate.clear()
    async with working(at):
        await at.put(1, lines(1))
        await at.store.tried.wait()
        first_tried = time.monotonic()
        at.store.gate.set()
        await at.acknowledged(1)
    assert len(at.store.tries) == 3
    assert first_tried <= at.said[0][2] <= time.monotonic()


async def test_a_write_began_before_the_store_was_asked(tmp_path: Path) -> None:
    at = desk(tmp_path)
    at.store.gate.clear()
    async with working(at):
        await at.put(1, lines(1))
        await at.store.tried.wait()
        asked = time.monotonic()
        at.store.gate.set()
        await at.acknowledged(1)
    assert at.said[0][2] <= asked


async def test_each_of_many_writes_is_progress(tmp_path: Path) -> None:
    at = desk(tmp_path, store=FakeStore(bad=lambda _: True))
    async with working(at):
        await at.put(1, lines(200))
        await at.acknowledged(1)
    assert at.progress.turns >= len(at.store.tries) >= 200


async def test_changes_of_presence_are_written_without_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_writer, "_IDLE_SECONDS", 0.01)
    async with working(desk(tmp_path)) as at:
        for state, online in ((State.ONLINE, b"1i"), (State.LOST, b"0i"), (State.ONLINE, b"1i")):
            at.store.tried.clear()
            at.presence.heard(PLACE, status(state))
            await asyncio.wait_for(at.store.tried.wait(), 20)
            (said,) = at.store.tries[-1]
            assert said.startswith(b"health,site=simpang-empat,agent=se-1,sensor=link online=" + online)
    assert len(at.store.tries) == 3
    assert at.said == []


async def test_everyone_is_written_again_each_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_writer, "_IDLE_SECONDS", 0.01)
    monkeypatch.setattr(hub_writer, "_PRESENCE_SECONDS", 0.02)
    at = desk(tmp_path)
    at.presence.heard(PLACE, status(State.ONLINE))
    at.presence.heard(OTHER, status(State.LOST))
    async with working(at):
        await until(lambda: len(at.store.tries) >= 3, "three rounds")
    assert all(len(tried) == 2 for tried in at.store.tries)
