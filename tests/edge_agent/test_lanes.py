"""Both lanes with the window against a spool in plain Python: nothing is skipped, whatever happens in which order."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge_agent.delivery.desk import SpoolDesk
from edge_agent.delivery.lanes import Lanes
from edge_agent.delivery.metering import Meter
from edge_agent.delivery.sender import Sender
from edge_agent.delivery.window import Window
from service.mqtt import Link, Message
from service.progress import Progress
from telemetry import ack
from telemetry.batch import Batch, decode
from tests.support.spooling import PLACE

_EPOCH = "5f0c91d2a7b3e846"
_NEWEST_FIRST = 4


class FakeSpool:
    """The desk as far as the sender needs it: numbers that are there or gone, no disk and no thread."""

    epoch = _EPOCH

    def __init__(self) -> None:
        self.number = 0
        self.there: dict[int, None] = {}
        self.late: set[int] = set()

    def commit(self, *, is_late: bool = False) -> int:
        self.number += 1
        self.there[self.number] = None
        self.late |= {self.number} if is_late else set()
        return self.number

    async def newest(self) -> int:
        return self.number

    async def after(self, number: int, *, limit: int) -> list[int]:
        return [n for n in self.there if n > number][:limit]

    async def fresh_after(self, number: int, *, limit: int) -> tuple[list[int], int]:
        fresh = [n for n in self.there if n > number and n not in self.late][:limit]
        return fresh, max(self.late, default=0)

    async def payload(self, number: int) -> bytes | None:
        return Batch(_EPOCH, number, 1, b"x\n").encode(compress=False) if number in self.there else None

    async def lines(self, number: int) -> int | None:
        return 1 if number in self.there else None

    async def forget(self, number: int, missing: object = ()) -> None:
        self.there.pop(number, None)


class FakeLink:
    """Remembers what was published."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    async def publish(self, message: Message) -> None:
        self.sent.append(decode(message.payload).number)


def _now(call: object) -> object:
    """Run a coroutine that waits for nothing."""
    try:
        call.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


class LanesModel(RuleBasedStateMachine):
    """Batches come, are acknowledged in any order, lost or given up; links break; time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 1000.0
        self.spool = FakeSpool()
        self.link = FakeLink()
        self.ever_sent: set[int] = set()
        self.on_their_way: set[int] = set()
        self.is_new_link = True

    @initialize(size=st.integers(1, 20), offline=st.integers(0, 60))
    def begin(self, size: int, offline: int) -> None:
        for _ in range(offline):
            self.spool.commit()
        self.window = Window(size, 10.0, lambda: 1.0)
        desk: SpoolDesk = self.spool  # type: ignore[assignment]
        self.sender = Sender(PLACE, desk, self.window, progress=Progress(), compress=False, meter=Meter(0))

    @rule()
    def commit(self) -> None:
        self.spool.commit()

    @rule(batches=st.integers(1, 30))
    def a_portion_comes_over(self, batches: int) -> None:
        for _ in range(batches):
            self.spool.commit(is_late=True)

    @rule()
    def send(self) -> None:
        self._send()

    def _send(self) -> list[int]:
        link: Link = self.link  # type: ignore[assignment]
        self.link.sent.clear()
        with _time_is(self.clock):
            _now(self.sender.send_due(link))
        self.ever_sent.update(self.link.sent)
        self.on_their_way.update(self.link.sent)
        if self.is_new_link and self.link.sent:
            self._see_newest_first()
        return list(self.link.sent)

    def _see_newest_first(self) -> None:
        """On a new link the newest few go before all others."""
        self.is_new_link = False
        newest = [n for n in self.spool.there if n > self.spool.number - _NEWEST_FIRST and n not in self.spool.late]
        newest = newest[: self.window.size]
        assert self.link.sent[: len(newest)] == newest

    @precondition(lambda self: self.on_their_way)
    @rule(data=st.data())
    def hub_answers(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.on_their_way)))
        self.on_their_way.discard(number)
        self._take(number)

    def _take(self, number: int) -> None:
        with _time_is(self.clock):
            _now(self.sender.take(ack.Ack(_EPOCH, number, 1)))

    @precondition(lambda self: self.on_their_way)
    @rule(data=st.data())
    def it_is_lost(self, data: st.DataObject) -> None:
        self.on_their_way.discard(data.draw(st.sampled_from(sorted(self.on_their_way))))

    @precondition(lambda self: self.spool.there)
    @rule(data=st.data())
    def the_quota_drops(self, data: st.DataObject) -> None:
        del self.spool.there[data.draw(st.sampled_from(list(self.spool.there)[:5]))]

    @rule()
    def the_link_breaks(self) -> None:
        self.sender.restart()
        self.on_their_way.clear()
        self.is_new_link = True

    @rule(seconds=st.sampled_from([0.1, 3.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock += seconds

    @invariant()
    def it_sleeps_only_if_there_is_nothing_to_send(self) -> None:
        """A time that has come means that sending does something: no loop spins."""
        if not hasattr(self, "sender"):
            return
        with _time_is(self.clock):
            due = self.sender.next_due()
        if due is None or due > self.clock:
            return
        before = self.window.in_flight, self.sender._lanes.backlog
        sent = self._send()
        assert sent or (self.window.in_flight, self.sender._lanes.backlog) != before

    def teardown(self) -> None:
        """In the end the hub answers everything: then all that is there has been sent, and nothing is left."""
        if not hasattr(self, "sender"):
            return
        for _ in range(50 + 40 * len(self.spool.there)):
            if not self.spool.there:
                break
            for number in self._send():
                self.on_their_way.discard(number)
                self._take(number)
            with _time_is(self.clock):
                due = self.sender.next_due()
            self.clock = max(self.clock, due if due is not None else self.clock)
        assert not self.spool.there, "never sent"


class _time_is:  # noqa: N801
    """Sets the sender's clock."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __enter__(self) -> None:
        from edge_agent.delivery import sender

        self.before = sender.time
        sender.time = self  # type: ignore[assignment]

    def monotonic(self) -> float:
        return self.now

    def __exit__(self, *_: object) -> None:
        from edge_agent.delivery import sender

        sender.time = self.before


TestLanes = LanesModel.TestCase
TestLanes.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_what_was_on_its_way_and_what_no_lane_had_come_to_is_backlog():
    lanes = Lanes(split=10, fresh=20, backlog=7)
    lanes.restart(40, [6, 15])
    assert (lanes.backlog, lanes.split, lanes.fresh) == (5, 36, 36)
    assert lanes.has_backlog
    lanes.drained()
    assert not lanes.has_backlog


def test_few_batches_are_all_fresh():
    lanes = Lanes()
    lanes.restart(3, [])
    assert (lanes.split, lanes.has_backlog) == (0, False)
