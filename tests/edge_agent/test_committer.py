"""The committer: what was put is committed in time and in order, whatever the disk does."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_agent.clock import Clock
from edge_agent.delivery import committer as committer_module
from edge_agent.delivery.committer import Committer
from edge_agent.delivery.desk import SpoolDesk
from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolUnwritable
from service.progress import Progress
from service.wall_clock import FLOOR_MS
from tests.support.spooling import STAMP, Row, opened, opening, rot, rows_in, taken
from tests.support.waiting import until

_SET = Clock(lambda: STAMP.wall_ms * 10**6, lambda: STAMP.monotonic_ns, lambda: True)
_UNSET = Clock(lambda: (FLOOR_MS - 1) * 10**6, lambda: STAMP.monotonic_ns, lambda: True)


@dataclass
class Disk:
    """Stands before a spool's commit: refuses or holds it up when told to."""

    spool: Spool
    refuses: bool = False
    refusals: int = 0
    commits: int = 0

    def __post_init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self._commit = self.spool.commit
        self.spool.commit = self.commit  # type: ignore[method-assign]  # the disk's moods are the test's

    def commit(self, *arguments: object) -> int | None:
        """Commit, unless the disk refuses."""
        self.free.wait(10)
        if self.refuses:
            self.refusals += 1
            raise SpoolUnwritable("the spool refuses: disk is full")
        self.commits += 1
        return self._commit(*arguments)  # type: ignore[arg-type]  # passed on as they came


@dataclass
class Rig:
    """A committer at work."""

    committer: Committer
    spool: Spool
    disk: Disk
    task: asyncio.Task[None]

    async def stop(self) -> None:
        self.committer.stop()
        async with asyncio.timeout(10):
            await self.task

    def batches(self) -> list[list[Row]]:
        return [rows_in(self.spool, number) for number in self.spool.after(0, limit=10**6)]

    def values(self) -> list[float]:
        return [r.values["pm2_5"] for batch in self.batches() for r in batch if r.family == "air"]


@asynccontextmanager
async def _at_work(
    path: Path, *, seconds: float = 0.05, batch_readings: int = 100, clock: Clock = _SET
) -> AsyncIterator[Rig]:
    spool = opening(path, batch_readings=batch_readings)
    disk = Disk(spool)
    desk = SpoolDesk(lambda: spool)
    committer = Committer(desk, clock, Progress(), seconds=seconds)
    rig = Rig(committer, spool, disk, asyncio.create_task(committer.run(), name="committer"))
    try:
        yield rig
    finally:
        disk.free.set()
        rig.task.cancel()
        await asyncio.gather(rig.task, return_exceptions=True)
        await desk.close()


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr(committer_module, "_RETRY_SECONDS", 0.01)
    async with _at_work(tmp_path / "spool") as made:
        yield made


async def test_a_lonely_reading_is_committed_when_its_second_is_over(rig: Rig):
    committed = asyncio.Event()
    rig.committer.on_commit = committed.set
    await rig.committer.put(taken(1.5))
    async with asyncio.timeout(10):
        await committed.wait()
    assert rig.values() == [1.5]


@pytest.mark.parametrize(("waited", "at_once"), [(0, False), (24, False), (60, True), (300, True)])
async def test_the_second_counts_from_the_moment_at_which_the_first_was_put_in(
    tmp_path: Path, waited: int, at_once: bool
):
    """A reading that a slow commit before it has kept waiting is committed so much sooner."""
    monotonic = [STAMP.monotonic_ns]
    clock = Clock(lambda: STAMP.wall_ms * 10**6, lambda: monotonic[0], lambda: True)
    async with _at_work(tmp_path / "spool", seconds=60, clock=clock) as rig:
        await rig.committer.put(taken())
        monotonic[0] += waited * 10**9
        with contextlib.suppress(TimeoutError):
            await until(lambda: rig.committer.committed == 1, seconds=1)
        assert (rig.committer.committed == 1) is at_once


async def test_readings_dated_in_the_past_are_committed_together(tmp_path: Path):
    """As those of a video file are, and a minute's total."""
    async with _at_work(tmp_path / "spool", seconds=0.5) as rig:
        for value in range(50):
            await rig.committer.put(taken(value + 0.5, at=STAMP.monotonic_ns - 60 * 10**9))
            await asyncio.sleep(0.001)
        await until(lambda: rig.committer.committed == 50)
        assert rig.disk.commits <= 2


async def test_a_stream_that_never_pauses_is_committed_too(tmp_path: Path):
    """The second counts from the first reading, not from the last."""
    async with _at_work(tmp_path / "spool", seconds=0.1) as rig:
        committed = asyncio.Event()
        rig.committer.on_commit = committed.set
        async with asyncio.timeout(10):
            while not committed.is_set():
                await rig.committer.put(taken())
                await asyncio.sleep(0.01)


async def test_nothing_put_is_nothing_committed(rig: Rig):
    calls: list[None] = []
    rig.committer.on_commit = lambda: calls.append(None)
    await asyncio.sleep(0.2)
    assert (calls, rig.committer.committed, rig.batches()) == ([], 0, [])


async def test_one_commit_makes_as_many_batches_as_its_readings_fill(tmp_path: Path):
    async with _at_work(tmp_path / "spool", seconds=1000, batch_readings=10) as rig:
        for value in range(25):
            await rig.committer.put(taken(value + 0.5))
        await rig.stop()
        assert [len(batch) for batch in rig.batches()] == [10, 10, 5]
        assert rig.values() == [value + 0.5 for value in range(25)]
        assert (rig.disk.commits, rig.committer.batches) == (1, 3)


async def test_a_crowd_does_not_wait_for_its_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(committer_module, "_MOST", 40)
    async with _at_work(tmp_path / "spool", seconds=1000) as rig:
        for value in range(90):
            await rig.committer.put(taken(value + 0.5))
        await until(lambda: rig.committer.committed == 80)
        await rig.stop()
        assert rig.values() == [value + 0.5 for value in range(90)]


async def test_a_crowd_is_committed_in_its_order(rig: Rig):
    for value in range(950):
        await rig.committer.put(taken(value + 0.5))
    await rig.stop()
    assert rig.values() == [value + 0.5 for value in range(950)]
    assert max(len(batch) for batch in rig.batches()) == 100
    assert (rig.committer.committed, rig.committer.lost_before_commit) == (950, 0)


async def test_a_disk_that_refuses_costs_nothing_when_it_recovers(rig: Rig, caplog: pytest.LogCaptureFixture):
    rig.disk.refuses = True
    for value in range(250):
        await rig.committer.put(taken(value + 0.5))
    await until(lambda: rig.disk.refusals >= 3)
    assert (rig.committer.committed, rig.batches()) == (0, [])
    rig.disk.refuses = False
    await until(lambda: rig.committer.committed == 250)
    assert rig.values() == [value + 0.5 for value in range(250)]
    said = [record.getMessage() for record in caplog.records if "spool" in record.getMessage()]
    assert len(said) == 2
    assert "readings stay in memory" in said[0]
    assert "takes commits again" in said[1]


async def test_memory_is_bounded_while_the_disk_refuses(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(committer_module, "_MEMORY", 50)
    rig.disk.refuses = True
    for value in range(120):
        await rig.committer.put(taken(value + 0.5))
    await until(lambda: rig.committer.lost_before_commit == 70)
    rig.disk.refuses = False
    await until(lambda: rig.committer.committed == 50)
    assert rig.values() == [value + 0.5 for value in range(70, 120)]
    (gap,) = [r for batch in rig.batches() for r in batch if r.family == "gap"]
    assert (gap.labels["cause"], gap.values["count"]) == ("uncommitted", 70)


async def test_a_damaged_spool_comes_over_behind_the_commits(tmp_path: Path):
    """Also where no reading comes."""
    before = opened(tmp_path / "spool")
    before.commit([taken(1.5)], STAMP)
    before.close()
    rot(tmp_path / "spool")
    async with _at_work(tmp_path / "spool") as rig:
        assert rig.values() == []
        await until(lambda: rig.values() == [1.5])


async def test_a_takeover_that_the_disk_refuses_is_put_off_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    calls: list[int] = []

    def refuse() -> bool:
        calls.append(rig.disk.commits)
        raise SpoolUnwritable("the spool refuses: disk is full")

    opened(tmp_path / "spool").close()
    rot(tmp_path / "spool")
    async with _at_work(tmp_path / "spool") as rig:
        rig.spool.take_over = refuse  # type: ignore[method-assign]  # the disk's moods are the test's
        await rig.committer.put(taken(1.5))
        await until(lambda: rig.committer.committed == 1)
        await until(lambda: len(calls) > 5)
        assert not rig.committer.refusal
        assert caplog.text.count("comes over later") == 1
        await rig.committer.put(taken(2.5))
        await until(lambda: rig.values() == [1.5, 2.5])


async def test_while_no_reading_comes_the_disk_is_left_alone_unless_something_is_due(tmp_path: Path):
    async with _at_work(tmp_path / "spool", seconds=0.01) as rig:
        await rig.committer.put(taken(1.5))
        await until(lambda: rig.committer.committed == 1)
        commits = rig.disk.commits
        await asyncio.sleep(0.3)
        assert rig.disk.commits == commits
        rig.spool.forget(1, [Gap("dust", Cause.REFUSED, 0, 0, 1)])
        await until(lambda: [r.family for batch in rig.batches() for r in batch] == ["gap"])


async def test_a_full_queue_makes_sources_wait_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(committer_module, "_QUEUE", 10)
    monkeypatch.setattr(committer_module, "_MOST", 5)
    async with _at_work(tmp_path / "spool") as rig:
        rig.disk.free.clear()

        async def source() -> None:
            for value in range(60):
                await rig.committer.put(taken(value + 0.5))

        putting = asyncio.create_task(source(), name="source")
        done, _ = await asyncio.wait([putting], timeout=0.3)
        assert not done
        rig.disk.free.set()
        async with asyncio.timeout(10):
            await putting
        await rig.stop()
        assert rig.values() == [value + 0.5 for value in range(60)]


async def test_a_slow_disk_does_not_hold_up_the_sources(rig: Rig):
    rig.disk.free.clear()
    await rig.committer.put(taken(0.5))
    for value in range(1, 100):
        async with asyncio.timeout(10):
            await rig.committer.put(taken(value + 0.5))
        await asyncio.sleep(0)
    rig.disk.free.set()
    await rig.stop()
    assert rig.values() == [value + 0.5 for value in range(100)]


async def test_stopping_commits_what_is_there(tmp_path: Path):
    async with _at_work(tmp_path / "spool", seconds=1000) as rig:
        for value in range(342):
            await rig.committer.put(taken(value + 0.5))
        await rig.stop()
        assert rig.values() == [value + 0.5 for value in range(342)]


async def test_stopping_with_nothing_to_do_ends(tmp_path: Path):
    async with _at_work(tmp_path / "spool", seconds=1000) as rig:
        await asyncio.sleep(0.01)
        await rig.stop()
        assert rig.batches() == []


async def test_stopping_twice_is_harmless(rig: Rig):
    rig.committer.stop()
    await rig.stop()


async def test_a_last_try_is_made_when_the_agent_stops_while_the_disk_refuses(rig: Rig):
    rig.disk.refuses = True
    for value in range(250):
        await rig.committer.put(taken(value + 0.5))
    await until(lambda: rig.disk.refusals >= 1)
    rig.disk.refuses = False
    await rig.stop()
    assert rig.values() == [value + 0.5 for value in range(250)]


async def test_what_the_disk_refused_to_the_end_is_counted_and_told(rig: Rig, caplog: pytest.LogCaptureFixture):
    rig.disk.refuses = True
    for value in range(250):
        await rig.committer.put(taken(value + 0.5))
    await until(lambda: rig.disk.refusals >= 1)
    await rig.stop()
    assert (rig.committer.committed, rig.committer.lost_before_commit) == (0, 250)
    assert any("250 readings" in record.getMessage() for record in caplog.records)


async def test_without_a_trusted_clock_readings_are_kept_undated(tmp_path: Path):
    async with _at_work(tmp_path / "spool", clock=_UNSET) as rig:
        await rig.committer.put(taken())
        await rig.stop()
        assert (rig.spool.held.undated, rig.batches()) == (1, [])


async def test_a_clock_that_becomes_trusted_dates_what_waits_though_nothing_new_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    wall = [(FLOOR_MS - 1) * 10**6]
    clock = Clock(lambda: wall[0], lambda: STAMP.monotonic_ns, lambda: True)
    async with _at_work(tmp_path / "spool", clock=clock) as rig:
        await rig.committer.put(taken(1.5))
        await until(lambda: rig.spool.held.undated == 1)
        wall[0] = STAMP.wall_ms * 10**6
        await until(lambda: rig.spool.held.batches == 1)
        assert rig.values() == [1.5]
    said = [record.getMessage() for record in caplog.records if "clock" in record.getMessage()]
    assert len(said) == 2
    assert "readings wait for NTP" in said[0]
    assert "are dated now; the clock can be trusted" in said[1]


async def test_what_waited_for_its_date_is_sent_without_waiting_for_another_reading(tmp_path: Path):
    wall = [(FLOOR_MS - 1) * 10**6]
    clock = Clock(lambda: wall[0], lambda: STAMP.monotonic_ns, lambda: True)
    async with _at_work(tmp_path / "spool", clock=clock) as rig:
        await rig.committer.put(taken(1.5))
        await until(lambda: rig.spool.held.undated == 1)
        committed = asyncio.Event()
        rig.committer.on_commit = committed.set
        wall[0] = STAMP.wall_ms * 10**6
        async with asyncio.timeout(10):
            await committed.wait()
