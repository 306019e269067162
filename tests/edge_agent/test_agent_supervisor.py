"""The supervisor keeps each source running, and keeps its troubles from all others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Self

import pytest

from edge_agent.errors import SourceLost
from edge_agent.sources.source import Vitals
from edge_agent.supervisor import Supervisor
from edge_agent.taken import Taken
from service.progress import Progress
from tests.support.spooling import taken
from tests.support.waiting import until

Life = Sequence[Taken | Exception]
"""What a source does between two openings: readings, then perhaps an error; a list without one ends for ever."""


class Scripted:
    """Source: lives one life after another as scripted."""

    def __init__(self, lives: Sequence[Life], *, opening: Callable[[], None] = lambda: None) -> None:
        self.vitals = Vitals("dust")
        self.lives = list(lives)
        self.opening = opening
        self.opened = self.closed = 0

    async def __aenter__(self) -> Self:
        self.opened += 1
        self.opening()
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.closed += 1

    def end(self) -> None:
        self.lives.clear()

    async def readings(self) -> AsyncGenerator[Taken, None]:
        for said in self.lives.pop(0):
            if isinstance(said, Exception):
                raise said
            yield said


class Waiting(Progress):
    """Progress that notes each wait and takes no time for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    async def sleep(self, loop: str, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def progress() -> Waiting:
    return Waiting()


async def _run(source: Scripted, progress: Progress) -> list[Taken]:
    heard: list[Taken] = []

    async def put(reading: Taken) -> None:
        heard.append(reading)

    async with asyncio.timeout(10):
        await Supervisor(source, put, progress).run()
    return heard


async def test_readings_are_passed_on_in_their_order(progress: Waiting):
    said = [taken(value) for value in (1.5, 2.5, 3.5)]
    source = Scripted([said])
    assert await _run(source, progress) == said
    assert source.vitals.state == "ended"
    assert source.vitals.newest == {"air.pm2_5": 3.5}


async def test_a_source_that_ends_is_not_opened_again(progress: Waiting):
    source = Scripted([[taken()]])
    await _run(source, progress)
    assert (source.opened, source.closed, progress.waits) == (1, 1, [])


async def test_a_lost_source_is_closed_and_opened_again(progress: Waiting):
    source = Scripted([[taken(1.5), SourceLost("gone")], [taken(2.5), SourceLost("gone")], [taken(3.5)]])
    heard = await _run(source, progress)
    assert [t.measurement.values["pm2_5"] for t in heard] == [1.5, 2.5, 3.5]
    assert (source.opened, source.closed, source.vitals.restarts) == (3, 3, 2)


async def test_never_hotter_than_one_try_a_second(progress: Waiting):
    await _run(Scripted([[SourceLost("gone")]] * 40 + [[]]), progress)
    assert len(progress.waits) == 40
    assert min(progress.waits) >= 1.0
    assert max(progress.waits) <= 15.0


async def test_a_source_that_delivers_and_dies_at_once_is_no_hotter(progress: Waiting):
    """Each first reading makes the next wait short again, but never none."""
    await _run(Scripted([[taken(), SourceLost("gone")]] * 40 + [[]]), progress)
    assert len(progress.waits) == 40
    assert min(progress.waits) >= 1.0
    assert max(progress.waits) <= 2.0


async def test_a_source_that_cannot_be_opened_is_no_hotter(progress: Waiting):
    tries = iter(range(6))

    def refuse() -> None:
        if next(tries) < 5:
            raise SourceLost("port /dev/x cannot be opened")

    source = Scripted([[]], opening=refuse)
    await _run(source, progress)
    assert (source.opened, source.closed) == (6, 1)
    assert min(progress.waits) >= 1.0


@pytest.mark.parametrize("defect", [ValueError("a defect"), ZeroDivisionError(), TimeoutError(), OSError(5, "EIO")])
async def test_a_defect_is_logged_with_its_place_and_survived(
    progress: Waiting, caplog: pytest.LogCaptureFixture, defect: Exception
):
    source = Scripted([[taken(1.5), defect], [taken(2.5)]])
    heard = await _run(source, progress)
    assert len(heard) == 2
    assert any(record.exc_info for record in caplog.records)
    assert source.vitals.restarts == 1


async def test_a_defect_in_one_source_does_not_stop_another():
    heard: list[str] = []
    enough = asyncio.Event()

    async def put(reading: Taken) -> None:
        heard.append(reading.sensor)
        if heard.count("good") == 50:
            enough.set()

    good = Scripted([[taken(sensor="good") for _ in range(50)]])
    bad = Scripted([[RuntimeError("a defect")]] * 1000)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        failing = group.create_task(Supervisor(bad, put, Waiting()).run(), name="bad")
        await until(lambda: bad.opened >= 5)
        group.create_task(Supervisor(good, put, Waiting()).run(), name="good")
        await enough.wait()
        failing.cancel()
    assert heard == ["good"] * 50


async def test_a_cancelled_supervisor_closes_its_source_and_stays_cancelled(progress: Waiting):
    full = asyncio.Event()

    async def put(reading: Taken) -> None:
        full.set()
        await asyncio.Event().wait()

    source = Scripted([[taken()]])
    running = asyncio.create_task(Supervisor(source, put, progress).run(), name="supervisor")
    await full.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (source.opened, source.closed) == (1, 1)


async def test_a_cause_is_warned_of_once(progress: Waiting, caplog: pytest.LogCaptureFixture):
    lives: list[Life] = [[SourceLost("no port")]] * 5 + [[SourceLost("no power")]] * 5 + [[]]
    with caplog.at_level(logging.DEBUG):
        await _run(Scripted(lives), progress)
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [("no port" in text, "no power" in text) for text in warned] == [(True, False), (False, True)]


async def test_the_same_cause_is_warned_of_again_after_the_source_was_back(
    progress: Waiting, caplog: pytest.LogCaptureFixture
):
    lives: list[Life] = [[SourceLost("no port")], [taken(), SourceLost("no port")], []]
    await _run(Scripted(lives), progress)
    assert sum(record.levelno == logging.WARNING for record in caplog.records) == 2


class Telling(Scripted):
    """Source that tells its state itself: lives when its reading says so."""

    def __init__(self, lives: Sequence[Life], states: Sequence[str]) -> None:
        super().__init__(lives)
        self.vitals.tells_state = True
        self._states = list(states)

    async def readings(self) -> AsyncGenerator[Taken, None]:
        self.vitals.state = self._states.pop(0)
        async for said in super().readings():
            yield said


async def test_a_source_that_tells_its_state_is_back_when_it_says_live(
    progress: Waiting, caplog: pytest.LogCaptureFixture
):
    crash = SourceLost("ended with code -11")
    source = Telling([[crash]] * 6 + [[taken(), crash], [crash], []], ["lost"] * 6 + ["live", "live", "live"])
    with caplog.at_level(logging.INFO):
        await _run(source, progress)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "WARNING", "WARNING"]
    assert max(progress.waits[6:]) <= 2.0


async def test_a_source_that_tells_its_state_is_not_back_by_a_reading_alone(
    progress: Waiting, caplog: pytest.LogCaptureFixture
):
    """A camera reports its scene while there is no picture."""
    crash = SourceLost("ended with code -11")
    await _run(Telling([[taken(), crash]] * 20 + [[]], ["lost"] * 21), progress)
    assert sum(record.levelno == logging.WARNING for record in caplog.records) == 1
    assert max(progress.waits) > 2.0


async def test_the_state_says_what_is_wrong_and_when_it_is_over(progress: Waiting):
    seen: list[tuple[str, str]] = []
    source = Scripted([[SourceLost("no port")], [taken()]])
    source.opening = lambda: seen.append((source.vitals.state, source.vitals.why))

    async def put(reading: Taken) -> None:
        seen.append((source.vitals.state, source.vitals.why))

    await Supervisor(source, put, progress).run()
    assert seen == [("waiting", ""), ("lost", "no port"), ("live", "")]


async def test_a_waiting_source_does_not_count_as_stuck():
    now = [0.0]
    progress = Progress(lambda: now[0])
    source = Scripted([[SourceLost("gone")], []])
    running = asyncio.create_task(Supervisor(source, _nowhere, progress).run(), name="supervisor")
    await until(lambda: source.vitals.state == "lost")
    now[0] += 40
    assert progress.stuck() == []
    async with asyncio.timeout(10):
        await running
    now[0] += 1000
    assert progress.stuck() == []


async def _nowhere(reading: Taken) -> None:
    """Take a reading and forget it."""
