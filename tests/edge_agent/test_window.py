"""The window against a model of it: never more in flight than it is open for, each batch due until settled."""

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

    @initialize(size=st.integers(1, 20))
    def begin(self, size: int) -> None:
        self.size = size
        self.window = Window(size, _RESEND, lambda: self.factor)

    @rule(wanted=st.integers(0, 8), is_fresh=st.booleans())
    def admit(self, wanted: int, is_fresh: bool) -> None:
        new = [self.number + 1 + step for step in range(min(wanted, self.window.free(is_fresh=is_fresh)))]
        self.window.admit(new, self.now, is_fresh=is_fresh)
        self.number = max([self.number, *new])
        self.tries |= dict.fromkeys(new, 0)
        self.due |= dict.fromkeys(new, self.now)

    @rule(is_fresh=st.booleans())
    def admitting_more_than_is_free_is_a_defect(self, is_fresh: bool) -> None:
        full = Window(self.size, _RESEND, lambda: 1.0)
        with pytest.raises(ValueError, match="full"):
            full.admit(range(1, self.size + 2), self.now, is_fresh=is_fresh)

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
    @rule(data=st.data(), is_heard=st.booleans())
    def settle(self, data: st.DataObject, is_heard: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.tries)))
        before = dict(self.due)
        if is_heard:
            self.window.heard(number, self.now)
        else:
            self.window.settle(number)
        assert not self.window.awaits(number)
        del self.tries[number], self.due[number]
        for other in self.due:
            self.due[other] = self.window._waiting[other].due
            assert self.due[other] == before[other] or (self.tries[other] == 1 and self.due[other] == self.now)

    @rule(number=st.integers(0, 10**6))
    def settling_a_stranger_changes_nothing(self, number: int) -> None:
        if number not in self.tries:
            free = self.window.free(is_fresh=True)
            self.window.heard(number, self.now)
            self.window.settle(number)
            assert self.window.free(is_fresh=True) == free

    @rule()
    def begin_on_a_new_link(self) -> None:
        assert self.window.restart() == sorted(self.tries)
        self.tries.clear()
        self.due.clear()

    @invariant()
    def never_more_than_its_size_is_in_flight(self) -> None:
        assert self.window.in_flight == len(self.tries) <= self.size
        assert self.window.free(is_fresh=False) <= self.window.free(is_fresh=True) <= self.size - len(self.tries)

    @invariant()
    def no_more_is_sent_than_it_is_open_for_but_one_probe(self) -> None:
        due = self.window.due(self.now)
        lapsed = [number for number, at in self.due.items() if at <= self.now]
        news = {number for number in due if self.window._is_news(number)}
        if set(due) <= set(lapsed):
            assert len(set(due) - news) <= max(1, self.window._open - (len(self.due) - len(lapsed)))
        else:
            assert due == [max(self.due)]

    @invariant()
    def what_waits_is_sent_some_day(self) -> None:
        """Waking whenever the window says, in few steps."""
        at = self.window.next_due(self.now)
        assert (at is None) is (not self.tries)
        steps = 0
        while at is not None and not self.window.due(at + 1e-6):
            at = self.window.next_due(at + 1e-6)
            steps += 1
            assert steps <= len(self.tries) + 1


TestWindow = WindowModel.TestCase
TestWindow.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def _window(size: int = 16) -> Window:
    return Window(size, _RESEND, lambda: 1.0)


def _opened(size: int = 16) -> Window:
    """Return a window that acknowledgements have opened wide."""
    window = _window(size)
    for number in range(1, size + 1):
        window.admit([number], 0.0, is_fresh=True)
        window.sent(number, 0.0)
        window.heard(number, 0.0)
    return window


def test_resends_wait_twice_as_long_each_time_up_to_a_bound():
    window = _window()
    window.admit([1], 0.0, is_fresh=True)
    now, waits = 0.0, []
    for _ in range(6):
        window.sent(1, now)
        due = window._waiting[1].due
        waits.append(due - now)
        now = due
    assert waits == [10, 20, 30, 30, 30, 30]


def test_by_default_a_hub_that_came_back_hears_of_every_batch_within_about_a_minute():
    seconds = Uplink.model_fields["resend_seconds"].default
    window = Window(1, seconds, lambda: 1.25)
    window.admit([1], 0.0, is_fresh=True)
    for _ in range(20):
        window.sent(1, 0.0)
    assert window._waiting[1].due == 75.0


def test_a_new_link_is_not_flooded_and_opens_with_each_answer():
    window = _window()
    assert window.free(is_fresh=False) == 4
    window.admit([1], 0.0, is_fresh=False)
    window.sent(1, 0.0)
    window.heard(1, 0.1)
    assert window.free(is_fresh=False) == 5
    window.restart()
    assert window.free(is_fresh=False) == 4


def test_what_is_fresh_need_not_wait_for_the_window_to_open():
    window = _window()
    window.admit(range(1, 17), 0.0, is_fresh=True)
    assert window.due(0.0) == list(range(1, 17))
    assert window.free(is_fresh=True) == 0


def test_silence_halves_the_window():
    window = _opened()
    window.admit(range(21, 29), 0.0, is_fresh=True)
    for number in range(21, 29):
        window.sent(number, 0.0)
    for number in window.due(100.0):
        window.sent(number, 100.0)
    assert window._open == 1


def test_a_part_of_the_window_is_kept_for_what_is_fresh():
    window = _opened()
    window.admit(range(21, 21 + window.free(is_fresh=False)), 0.0, is_fresh=False)
    assert window.free(is_fresh=False) == 0
    assert window.free(is_fresh=True) == 4
    window.admit([99], 0.0, is_fresh=True)
    assert window.due(0.0)[0] == 99


def test_while_nothing_is_heard_the_newest_is_the_probe_ever_more_seldom():
    window = _opened()
    window.admit(range(21, 29), 0.0, is_fresh=True)
    for number in window.due(0.0):
        window.sent(number, 0.0)
    probes, now = [], 0.0
    while now < 9.0:
        now += 0.5
        for number in window.due(now):
            window.sent(number, now)
            probes.append((now, number))
    assert probes == [(2.0, 28), (4.0, 28), (8.0, 28)]


def test_an_answer_to_a_later_batch_tells_that_an_earlier_one_is_lost():
    window = _opened()
    window.admit([21], 0.0, is_fresh=True)
    window.sent(21, 0.0)
    window.admit([22, 23], 5.0, is_fresh=True)
    window.sent(22, 5.0)
    window.sent(23, 5.0)
    window.heard(23, 5.1)
    assert window.due(5.1) == [21]


def test_a_batch_that_was_sent_in_vain_for_days_is_sent_again_all_the_same():
    window = Window(4, 20.0, lambda: 1.0)
    window.admit([1], 0.0, is_fresh=True)
    assert [window.sent(1, 20.0 * step) for step in range(3_000)] == list(range(1, 3_001))
    assert window.next_due(60_000.0) <= 60_060.0
