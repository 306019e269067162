"""The window against a model of it: never more in flight than its size, each batch due until settled."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge_agent.config import Uplink
from edge_agent.delivery.window import Window

_RESEND = 10.0
_SLOWEST = 3


class WindowModel(RuleBasedStateMachine):
    """Time passes, batches come, are sent and settled in any order, the link breaks."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.factor = 1.0
        self.number = 0
        self.tries: dict[int, int] = {}
        self.due: dict[int, float] = {}

    @initialize(size=st.integers(1, 6))
    def begin(self, size: int) -> None:
        self.size = size
        self.window = Window(size, _RESEND, lambda: self.factor)

    @rule(wanted=st.integers(0, 8), skipped=st.integers(0, 3))
    def admit(self, wanted: int, skipped: int) -> None:
        self.number += skipped
        new = [self.number + 1 + step for step in range(min(wanted, self.window.free))]
        self.window.admit(new, self.now)
        self.number = max([self.number, *new])
        self.tries |= dict.fromkeys(new, 0)
        self.due |= dict.fromkeys(new, self.now)

    @rule()
    def admitting_more_than_is_free_is_a_defect(self) -> None:
        full = Window(self.size, _RESEND, lambda: 1.0)
        with pytest.raises(ValueError, match="full"):
            full.admit(range(1, self.size + 2), self.now)

    @rule(factor=st.sampled_from([0.8, 1.0, 1.25]))
    def send_what_is_due(self, factor: float) -> None:
        self.factor = factor
        for number in self.window.due(self.now):
            wait = _RESEND * min(2 ** self.tries[number], _SLOWEST) * factor
            self.tries[number] += 1
            self.due[number] = self.now + wait
            assert self.window.sent(number, self.now) == self.tries[number]

    @rule(seconds=st.floats(0.1, 500))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.tries)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.tries)))
        assert self.window.awaits(number)
        assert self.window.settle(number)
        assert not self.window.settle(number)
        del self.tries[number], self.due[number]

    @rule(number=st.integers(0, 10**6))
    def settling_a_stranger_changes_nothing(self, number: int) -> None:
        if number not in self.tries:
            assert not self.window.awaits(number)
            assert not self.window.settle(number)

    @rule()
    def reconnect(self) -> None:
        self.window.reconnected(self.now)
        self.tries = dict.fromkeys(self.tries, 0)
        self.due = dict.fromkeys(self.due, self.now)

    @invariant()
    def never_more_than_its_size_is_in_flight(self) -> None:
        assert self.window.in_flight == len(self.tries) <= self.size
        assert self.window.free == self.size - len(self.tries)

    @invariant()
    def what_is_due_is_exactly_what_waited_long_enough_oldest_first(self) -> None:
        due = self.window.due(self.now)
        assert due == sorted(number for number, at in self.due.items() if at <= self.now)

    @invariant()
    def the_next_due_is_the_soonest(self) -> None:
        assert self.window.next_due() == min(self.due.values(), default=None)

    @invariant()
    def the_newest_never_goes_back(self) -> None:
        assert self.window.newest <= self.number
        assert all(number <= self.window.newest for number in self.tries)


TestWindow = WindowModel.TestCase
TestWindow.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_resends_wait_twice_as_long_each_time_up_to_a_bound():
    window = Window(1, _RESEND, lambda: 1.0)
    window.admit([1], 0.0)
    now, waits = 0.0, []
    for _ in range(9):
        window.sent(1, now)
        due = window.next_due()
        assert due is not None
        waits.append(due - now)
        now = due
    assert waits == [10, 20, 30, 30, 30, 30, 30, 30, 30]


def test_by_default_a_hub_that_came_back_hears_of_every_batch_within_about_a_minute():
    seconds = Uplink.model_fields["resend_seconds"].default
    window = Window(1, seconds, lambda: 1.25)
    window.admit([1], 0.0)
    for _ in range(20):
        window.sent(1, 0.0)
    assert window.next_due() == 75.0


def test_what_was_settled_is_not_admitted_again_by_number():
    window = Window(2, _RESEND, lambda: 1.0)
    window.admit([1, 2], 0.0)
    window.settle(1)
    window.settle(2)
    assert window.newest == 2
