"""A loop that turns is well, one that sleeps on purpose is well, one that hangs is stuck."""

from __future__ import annotations

import asyncio

import pytest

from service.progress import PATIENCE, Progress


class Clock:
    """A monotonic clock that goes only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nobody_is_stuck_before_the_first_turn(clock: Clock) -> None:
    progress = Progress(clock)
    clock.now += 10 * PATIENCE
    assert progress.stuck() == []


def test_a_loop_is_stuck_only_after_its_patience(clock: Clock) -> None:
    progress = Progress(clock)
    progress.turn("spool")
    clock.now += PATIENCE
    assert progress.stuck() == []
    clock.now += 0.001
    assert progress.stuck() == ["spool"]


def test_only_the_loops_that_hang_are_named_in_order(clock: Clock) -> None:
    progress = Progress(clock)
    for loop in ("uplink", "camera", "spool"):
        progress.turn(loop)
    clock.now += PATIENCE + 1
    progress.turn("camera")
    assert progress.stuck() == ["spool", "uplink"]


def test_a_turn_heals(clock: Clock) -> None:
    progress = Progress(clock)
    progress.turn("a")
    clock.now += PATIENCE + 1
    progress.turn("a")
    assert progress.stuck() == []


def test_a_loop_that_is_done_is_watched_no_longer(clock: Clock) -> None:
    progress = Progress(clock)
    progress.turn("a")
    progress.done("a")
    progress.done("never seen")
    clock.now += PATIENCE + 1
    assert progress.stuck() == []


@pytest.mark.parametrize("seconds", [0, 0.3, 5, 12.5, 3600])
async def test_a_long_sleep_is_never_stuck_and_lasts_as_long_as_asked(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    progress = Progress(clock)
    stuck: list[str] = []

    async def sleep(slept: float) -> None:
        clock.now += slept
        stuck.extend(progress.stuck())

    monkeypatch.setattr(asyncio, "sleep", sleep)
    start = clock.now
    await progress.sleep("uplink", seconds)
    assert clock.now - start == pytest.approx(seconds)
    assert stuck == []


async def test_a_sleep_can_be_cancelled() -> None:
    sleeping = asyncio.create_task(Progress().sleep("a", 3600))
    await asyncio.sleep(0)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
