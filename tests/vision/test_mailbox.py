"""The newest picture wins, and nobody waits for ever."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from edge_agent.vision.mailbox import EVENTS, Event, Mailbox, Picture, State
from edge_agent.vision.pace import Pace


def picture(at: int) -> Picture:
    return Picture(np.zeros((2, 2), np.uint8), at)


def test_the_newest_picture_wins_and_the_others_are_counted() -> None:
    mailbox = Mailbox()
    for at in range(4):
        mailbox.put(picture(at))
    taken = mailbox.take(0)
    assert isinstance(taken, Picture)
    assert (taken.at, mailbox.losses.skipped, mailbox.take(0)) == (3, 3, None)


def test_events_come_before_the_picture_and_in_order() -> None:
    mailbox = Mailbox()
    mailbox.put(picture(1))
    opening, live = Event(State.OPENING, ""), Event(State.LIVE, "")
    mailbox.tell(opening)
    mailbox.tell(live)
    assert [mailbox.take(0), mailbox.take(0)] == [opening, live]
    assert isinstance(mailbox.take(0), Picture)


def test_events_are_bounded() -> None:
    mailbox = Mailbox()
    for number in range(EVENTS + 5):
        mailbox.tell(Event(State.LOST, str(number)))
    assert mailbox.take(0) == Event(State.LOST, "5")


def test_a_file_waits_until_its_picture_was_taken() -> None:
    mailbox, order = Mailbox(), []

    def fill() -> None:
        for at in range(50):
            mailbox.put_when_taken(picture(at))

    thread = threading.Thread(target=fill)
    thread.start()
    while len(order) < 50:
        taken = mailbox.take(5)
        assert isinstance(taken, Picture)
        order.append(taken.at)
    thread.join()
    assert order == list(range(50))
    assert mailbox.losses.skipped == 0


def test_closing_wakes_both_sides() -> None:
    mailbox, answers = Mailbox(), []
    sides = [
        threading.Thread(target=lambda: answers.append(mailbox.take(60))),
        threading.Thread(target=lambda: answers.append(mailbox.pause(60))),
    ]
    for side in sides:
        side.start()
    mailbox.close()
    for side in sides:
        side.join(timeout=10)
    assert sorted(map(str, answers)) == ["False", "None"]


def test_a_broken_promise_is_overdue() -> None:
    mailbox = Mailbox()
    mailbox.promise(100)
    assert mailbox.overdue < 0
    mailbox.promise(-1)
    assert mailbox.overdue > 0


@pytest.mark.parametrize(
    ("fps", "source", "kept"), [(10, 25, 100), (5, 25, 50), (0, 25, 250), (10, 8, 80), (12.5, 25, 125)]
)
def test_pictures_are_picked_evenly(fps: float, source: float, kept: int) -> None:
    pace = Pace(fps)
    times = [number / source for number in range(round(10 * source))]
    picked = [time for time in times if pace.due(time)]
    assert len(picked) == pytest.approx(kept, abs=1)
    gaps = np.diff(picked)
    assert gaps.max() <= max(1 / source, 1 / fps if fps else 0) + 1 / source + 1e-9


def test_after_a_silence_no_pictures_are_made_up_for() -> None:
    pace = Pace(10)
    assert [pace.due(time) for time in (0.0, 5.0, 5.01, 5.05, 5.1)] == [True, True, False, False, True]
