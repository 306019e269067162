"""After a long time offline fresh values are there at once, and the backlog drains behind them at its rate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_agent.delivery import sender as sending
from edge_agent.delivery import takeover
from edge_agent.delivery.desk import SpoolDesk
from edge_agent.delivery.metering import Meter
from edge_agent.delivery.room import Policy
from edge_agent.delivery.sender import Sender
from edge_agent.delivery.window import Window
from service.mqtt import Message
from service.progress import Progress
from telemetry import ack
from telemetry.batch import Batch, decode
from tests.support.spooling import PLACE, STAMP, opened, opening, rot, taken


@dataclass
class Clock:
    """Monotonic time as the test says."""

    now: float = 1_000.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class Link:
    """Takes every message."""

    clock: Clock
    sent: list[tuple[float, int, int]] = field(default_factory=list)
    """When, which batch, how many bytes."""
    waiting: list[Batch] = field(default_factory=list)

    async def publish(self, message: Message) -> None:
        batch = decode(message.payload)
        self.sent.append((self.clock.now, batch.number, len(message.payload)))
        self.waiting.append(batch)


@dataclass
class Rig:
    """A sender on a real spool, a link and a clock of the test's."""

    desk: SpoolDesk
    sender: Sender
    link: Link
    clock: Clock
    window: Window

    async def commit(self, batches: int = 1) -> None:
        for _ in range(batches):
            await self.desk.commit([taken(value / 7) for value in range(20)], STAMP)

    async def send(self) -> list[int]:
        """Send what is due now, and return it."""
        before = len(self.link.sent)
        await self.sender.send_due(self.link)  # type: ignore[arg-type]
        return [number for _, number, _ in self.link.sent[before:]]

    async def answer(self, *numbers: int) -> None:
        """Acknowledge some batches that were sent, all if none is named."""
        for batch in [batch for batch in self.link.waiting if not numbers or batch.number in numbers]:
            self.link.waiting.remove(batch)
            await self.sender.take(ack.Ack(batch.epoch, batch.number, batch.lines))

    async def run(self, seconds: float, *, answers: bool = True, commits: bool = False) -> None:
        """Let time pass in tenths of a second as the uplink does, with a commit each second if need be."""
        for step in range(round(seconds * 10)):
            if commits and step % 10 == 0:
                await self.commit()
            await self.send()
            if answers:
                await self.answer()
            self.clock.now += 0.1


@contextmanager
def _made(path: Path, *, rate: float, size: int, policy: Policy | None = None, quota: int = 10**9) -> Iterator[Rig]:
    clock = Clock()
    desk = SpoolDesk(lambda: opening(path, policy=policy, quota=quota))
    window = Window(size, 20.0, lambda: 1.0)
    sender = Sender(PLACE, desk, window, progress=Progress(), compress=True, meter=Meter(rate))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sending, "time", clock)
        yield Rig(desk, sender, Link(clock), clock, window)


async def test_the_newest_go_first_then_the_backlog_from_its_oldest_on(tmp_path: Path):
    with _made(tmp_path / "spool", rate=0, size=16) as rig:
        await rig.commit(40)
        assert (await rig.send())[:4] == [37, 38, 39, 40]
        heard: list[int] = []
        while not heard or rig.desk.held.batches:
            await rig.answer()
            heard += await rig.send()
        first = [number for _, number, _ in rig.link.sent]
        assert first == [37, 38, 39, 40, *range(1, 37)]
        await rig.desk.close()


async def test_what_is_fresh_overtakes_the_backlog(tmp_path: Path):
    with _made(tmp_path / "spool", rate=0, size=8) as rig:
        await rig.commit(60)
        await rig.send()
        for fresh in range(61, 71):
            await rig.commit()
            await rig.answer()
            assert (await rig.send())[0] == fresh
        assert rig.desk.held.batches > 10
        await rig.desk.close()


async def test_a_window_full_of_backlog_still_takes_what_is_fresh(tmp_path: Path):
    with _made(tmp_path / "spool", rate=0, size=16) as rig:
        await rig.commit(200)
        for _ in range(20):
            await rig.send()
            await rig.answer()
        await rig.send()
        backlog = rig.window.in_flight
        await rig.commit()
        assert await rig.send() == [201]
        assert rig.window.in_flight == backlog + 1
        await rig.desk.close()


async def test_what_a_lost_link_took_along_is_sent_again_and_nothing_is_skipped(tmp_path: Path):
    with _made(tmp_path / "spool", rate=0, size=8) as rig:
        await rig.commit(30)
        for round_ in range(6):
            await rig.send()
            await rig.answer(*[batch.number for batch in rig.link.waiting[round_ % 2 :: 2]])
            rig.link.waiting.clear()
            rig.sender.restart()
            await rig.commit()
        while rig.desk.held.batches:
            await rig.send()
            await rig.answer()
        assert {number for _, number, _ in rig.link.sent} == set(range(1, 37))
        await rig.desk.close()


@pytest.mark.parametrize("rate", [200.0, 1_000.0])
async def test_the_backlog_keeps_its_rate_and_what_is_fresh_does_not_wait(tmp_path: Path, rate: float):
    with _made(tmp_path / "spool", rate=rate, size=16) as rig:
        await rig.commit(400)
        begin = rig.clock.now
        await rig.run(60, commits=True)
        backlog = [size for _, number, size in rig.link.sent if number <= 396]
        assert 0.7 * rate * 60 - max(backlog) <= sum(backlog) <= rate * 60 + max(backlog)
        when = {number: at for at, number, _ in reversed(rig.link.sent)}
        for second in range(60):
            assert when[401 + second] <= begin + second + 0.15
        await rig.desk.close()


async def test_the_backlog_keeps_its_rate_though_nobody_answers(tmp_path: Path):
    """What is sent again is paid for again."""
    rate = 30.0
    with _made(tmp_path / "spool", rate=rate, size=16) as rig:
        await rig.commit(400)
        await rig.send()
        await rig.answer()
        await rig.run(40)
        await rig.run(600, answers=False)
        backlog = [size for at, number, size in rig.link.sent if number <= 396 and at >= 1_040]
        assert sum(backlog) <= rate * 600 + 2 * max(backlog)
        await rig.desk.close()


async def test_it_wakes_for_the_backlog_when_the_meter_is_ready_and_not_before(tmp_path: Path):
    with _made(tmp_path / "spool", rate=50.0, size=16) as rig:
        await rig.commit(50)
        await rig.send()
        await rig.answer()
        await rig.send()
        await rig.answer()
        due = rig.sender.next_due()
        assert due is not None
        assert due > rig.clock.now
        rig.clock.now = due - 0.001
        assert not await rig.send()
        rig.clock.now = due
        assert len(await rig.send()) == 1
        await rig.desk.close()


async def test_what_comes_over_from_a_damaged_spool_goes_behind_what_is_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The link carries one batch a second, and ten times that comes over."""
    monkeypatch.setattr(takeover, "_PORTION", 10)
    path = tmp_path / "spool"
    spool = opened(path)
    for value in range(60):
        spool.commit([taken(value / 7)], STAMP)
    spool.close()
    rot(path)
    with _made(path, rate=0, size=8) as rig:
        overtaken = 0
        while await rig.desk.take_over():
            await rig.commit()
            fresh = await rig.desk.newest()
            sent = await rig.send()
            assert sent[0] == fresh
            overtaken += any(number < fresh for number in await rig.desk.after(0, limit=10**6))
            await rig.answer(*sent[:2])
        assert overtaken >= 5
        while rig.desk.held.batches:
            await rig.send()
            await rig.answer()
            rig.clock.now += 1
        await rig.desk.close()


@pytest.mark.parametrize("size", [1, 4, 16])
async def test_what_is_new_does_not_wait_behind_a_window_full_of_what_the_hub_holds(tmp_path: Path, size: int):
    """The hub may doubt the times of as many batches as the window takes; the agent's clock is right since."""
    with _made(tmp_path / "spool", rate=0, size=size) as rig:
        for _ in range(size):
            await rig.commit()
            await rig.send()
        held = set(range(1, size + 1))
        for _ in range(400):
            await rig.commit()
            await rig.run(1, answers=False)
            if sound := {batch.number for batch in rig.link.waiting} - held:
                await rig.answer(*sound)
            rig.link.waiting.clear()
        left = set(await rig.desk.after(0, limit=1000))
        assert held <= left
        assert len(left - held) <= 5
        for _ in range(60):
            await rig.run(1)
        assert rig.desk.held.batches == 0
        await rig.desk.close()


async def test_answers_that_come_while_the_spool_is_read_free_the_window_of_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with _made(tmp_path / "spool", rate=0, size=1) as rig:
        await rig.commit()
        await rig.send()
        rig.clock.now += 1_000
        await rig.commit()
        read = rig.desk.fresh_after

        async def answered_meanwhile(number: int, *, limit: int) -> tuple[list[int], int]:
            found = await read(number, limit=limit)
            await rig.answer(1)
            return found

        monkeypatch.setattr(rig.desk, "fresh_after", answered_meanwhile)
        assert await rig.send() == [2]
        await rig.answer()
        assert rig.desk.held.batches == 0
        await rig.desk.close()


async def test_while_nobody_answers_new_batches_make_little_traffic(tmp_path: Path):
    with _made(tmp_path / "spool", rate=0, size=16) as rig:
        for _ in range(16):
            await rig.commit()
            await rig.send()
        begin = len(rig.link.sent)
        await rig.run(600, answers=False, commits=True)
        assert len(rig.link.sent) - begin <= 60
        await rig.desk.close()
