"""No camera and no clip is opened more than once a second for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_agent.vision import capture
from edge_agent.vision.capture import LONGEST_WAIT, Capture
from edge_agent.vision.mailbox import Event, Mailbox, State
from edge_agent.vision.settings import Settings
from edge_agent.vision.stream import Shot
from tests.support.video import Street, write
from tests.vision.capturing import capturing


class Impatient(Mailbox):
    """A mailbox that notes each wait, takes no time for it, and closes at the last of so many openings."""

    def __init__(self, openings: int) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._left = openings

    def pause(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return not self.closed

    def tell(self, event: Event) -> None:
        self._left -= event.state is State.OPENING
        if self._left < 0:
            self.close()


class Clip:
    """Stream: one picture of a clip that takes so many seconds by a clock of its own."""

    seconds: float | None = None

    def __init__(self, clock: list[float], takes: float) -> None:
        self._clock, self._takes = clock, takes

    def shots(self) -> Iterator[Shot]:
        yield Shot(np.zeros((48, 64), np.uint8))
        self._clock[0] += self._takes

    def close(self) -> None:
        pass


def waits_of_loop(monkeypatch: pytest.MonkeyPatch, takes: float) -> list[float]:
    """Loop a clip of so many seconds a few times; return the waits."""
    clock, mailbox = [100.0], Impatient(openings=4)
    monkeypatch.setattr(capture, "open_stream", lambda settings: Clip(clock, takes))
    Capture(Settings("/clip.mp4", loop=True), mailbox, monotonic=lambda: clock[0]).run()
    return mailbox.waits


def test_a_clip_of_one_picture_waits_out_its_second(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waits_of_loop(monkeypatch, 0.25) == [0.75] * 4


def test_a_clip_of_some_seconds_loops_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waits_of_loop(monkeypatch, 10.0) == []


def test_a_real_clip_of_one_picture_is_no_hot_loop(tmp_path: Path) -> None:
    clip = write(tmp_path / "street.mp4", [Street([]).picture(0)], 25)
    opened = 0
    with capturing(str(clip), loop=True) as mailbox:
        ended = mailbox.pause(3.0)
        while (taken := mailbox.take(0)) is not None:
            opened += isinstance(taken, Event) and taken.state is State.OPENING
    assert ended
    assert 2 <= opened <= 4


def test_what_cannot_be_opened_is_tried_once_a_second_at_most(tmp_path: Path) -> None:
    mailbox = Impatient(openings=20)
    Capture(Settings(str(tmp_path / "none.mp4")), mailbox).run()
    assert len(mailbox.waits) == 20 + 1
    assert min(mailbox.waits) >= 1.0
    assert max(mailbox.waits) <= LONGEST_WAIT
    assert max(mailbox.waits[8:]) > 4.0, "the waits grow"
