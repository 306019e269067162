"""The thread that keeps a stream open and leaves its newest picture in the mailbox."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing

from edge_agent.vision.device import DeviceStream
from edge_agent.vision.errors import StreamLost, StreamOver
from edge_agent.vision.interval import SECOND
from edge_agent.vision.mailbox import Event, Mailbox, Picture, State
from edge_agent.vision.pace import Pace
from edge_agent.vision.remedies import with_cure
from edge_agent.vision.settings import Settings
from edge_agent.vision.stream import AvStream, Shot, Stream
from service.backoff import SHORTEST, Backoff

LONGEST_WAIT = 30.0
MARGIN = 3.0
"""Seconds beyond a deadline after which the decoder must be hanging."""
CAUSES = 16
"""The most causes of loss that are remembered as told; the oldest is forgotten first."""

_log = logging.getLogger(__name__)


def open_stream(settings: Settings) -> Stream:
    """Open what the settings point at; raises StreamLost."""
    return DeviceStream(settings) if settings.is_device else AvStream(settings)


class Capture:
    """Opens, reads, loses and opens again, until the mailbox closes or a file is over; never hotter than once a second.

    A hang is told from a wait by the promises made here: from the opening to the first picture twice `open_timeout` and
    twice `read_timeout`, from one picture to the next twice `read_timeout`, and MARGIN on top. When one is broken the
    process falls silent, and its parent ends it 10 s later.
    """

    def __init__(
        self,
        settings: Settings,
        mailbox: Mailbox,
        backoff: Backoff | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._mailbox = mailbox
        self._backoff = backoff or Backoff(longest=LONGEST_WAIT)
        self._monotonic = monotonic
        self._diary = _Diary(settings.sensor)

    def run(self) -> None:
        """Run until the end."""
        while not self._mailbox.closed:
            opened = self._monotonic()
            try:
                self._stream()
            except StreamOver as end:
                if not self._settings.loop:
                    self._tell(State.ENDED, str(end))
                    return
                self._wait(opened + SHORTEST - self._monotonic())
            except StreamLost as loss:
                self._tell(State.LOST, with_cure(str(loss)))
                if self._wait(self._backoff.failed()):
                    self._mailbox.reconnecting()

    def _wait(self, seconds: float) -> bool:
        """Wait, on purpose; return False as soon as the mailbox is closed."""
        if seconds <= 0:
            return True
        self._mailbox.promise(seconds + MARGIN)
        return self._mailbox.pause(seconds)

    def _stream(self) -> None:
        """Open the stream and read it to its end; raises StreamLost and StreamOver."""
        settings = self._settings
        self._mailbox.promise(2 * settings.open_timeout + 2 * settings.read_timeout + MARGIN)
        self._tell(State.OPENING, settings.shown_url)
        with closing(open_stream(settings)) as stream:
            reading = _Reading(settings, stream.seconds)
            self._read(stream, reading)
        if self._mailbox.closed:
            return
        if settings.is_file and reading.live:
            raise StreamOver("the end of the file")
        raise StreamLost("was ended by the other side" if reading.live else "holds no picture")

    def _read(self, stream: Stream, reading: _Reading) -> None:
        """Hand on what is due; raises StreamLost, and StreamOver where a file breaks off."""
        try:
            for shot in stream.shots():
                self._mailbox.promise(2 * self._settings.read_timeout + MARGIN)
                if self._mailbox.closed:
                    return
                self._take(shot, reading)
        except StreamLost as loss:
            if self._settings.is_file and reading.live:
                raise StreamOver(f"the file {loss}") from loss
            raise

    def _take(self, shot: Shot, reading: _Reading) -> None:
        """Count a spoiled picture, hand on a good one."""
        if shot.luma is None:
            self._mailbox.spoiled()
            reading.spoiled()
            return
        if not reading.live:
            self._backoff.succeeded()
            self._tell(State.LIVE, f"{shot.luma.shape[1]} x {shot.luma.shape[0]}")
        picture = Picture(shot.luma, reading.time_of(shot))
        if reading.pace.due(picture.at / SECOND):
            self._hand_on(picture)

    def _hand_on(self, picture: Picture) -> None:
        """Leave a picture in the mailbox, a file's at its own time."""
        if self._settings.is_file and not self._settings.realtime:
            self._mailbox.put_when_taken(picture)
            return
        self._wait((picture.at - time.monotonic_ns()) / SECOND)
        self._mailbox.put(picture)

    def _tell(self, state: State, why: str) -> None:
        event = Event(state, why)
        self._diary.note(event)
        self._mailbox.tell(event)


class _Diary:
    """The log of a camera: each new cause of a loss once, each return, and nothing for every retry or loop."""

    def __init__(self, sensor: str) -> None:
        self._camera = f"camera {sensor}".rstrip()
        self._causes: deque[str] = deque(maxlen=CAUSES)
        self._told: set[State] = set()

    def note(self, event: Event) -> None:
        """Log a change of state, loudly if it is news."""
        _log.log(self._level(event), "%s: %s: %s", self._camera, event.state, event.why)

    def _level(self, event: Event) -> int:
        if event.state is State.LOST:
            self._told.discard(State.LIVE)
            return self._level_of_loss(event.why)
        if event.state is State.LIVE:
            self._causes.clear()
        news = event.state not in self._told
        self._told.add(event.state)
        return logging.INFO if news else logging.DEBUG

    def _level_of_loss(self, why: str) -> int:
        if why in self._causes:
            return logging.DEBUG
        self._causes.append(why)
        return logging.WARNING


class _Reading:
    """One stream from its opening to its end: times, pace, how long nothing good has come."""

    def __init__(self, settings: Settings, seconds: float | None) -> None:
        self._settings = settings
        self.pace = Pace(settings.fps)
        self.live = False
        self._good = time.monotonic()
        past = 0.0 if settings.realtime else seconds or 0.0
        self._begun = time.monotonic_ns() - round(past * SECOND)
        self._first = 0.0

    def time_of(self, shot: Shot) -> int:
        """Return the monotonic time of a good picture: of a live one now, of a file's by its own time stamps.

        A file that is not played in real time ends about now, so that nothing is stamped with a time to come.
        """
        self._good = time.monotonic()
        if not self._settings.is_file or shot.time is None:
            self.live = True
            return time.monotonic_ns()
        if not self.live:
            self.live, self._first = True, shot.time
        at = self._begun + round((shot.time - self._first) * SECOND)
        return at if self._settings.realtime else min(at, time.monotonic_ns())

    def spoiled(self) -> None:
        """Give up when nothing good has come for as long as a stream may be silent; raises StreamLost."""
        if time.monotonic() - self._good > self._settings.read_timeout:
            raise StreamLost("sends pictures that cannot be decoded")
