"""The process of one camera: settings on standard input, what it saw on standard output, until its input ends."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from threading import Thread
from typing import BinaryIO

import cv2

from edge_agent.vision import speech
from edge_agent.vision.analytics import Analytics, Said
from edge_agent.vision.capture import Capture
from edge_agent.vision.errors import BadSettings
from edge_agent.vision.interval import SECOND
from edge_agent.vision.mailbox import Event, Mailbox, Picture, State
from edge_agent.vision.settings import Settings
from service import log

LONGEST_LINE = 1 << 20
"""Bytes of the settings."""
BEAT = 0.75
"""Seconds between two signs of life, of which one a second is promised."""
TURN = 0.25
"""Seconds after which the main thread looks up, pictures or not."""

_log = logging.getLogger(__name__)


def read_settings(source: BinaryIO) -> Settings:
    """Read the one line of settings; raises BadSettings."""
    line = source.readline(LONGEST_LINE)
    try:
        said = json.loads(line)
    except ValueError as error:
        raise BadSettings("the first line is not JSON") from error
    if not isinstance(said, dict):
        raise BadSettings("the first line is not a JSON object")
    return Settings.from_dict(said)


class Process:
    """Takes from the mailbox, analyses, speaks."""

    def __init__(self, settings: Settings, mailbox: Mailbox, out: BinaryIO) -> None:
        now = time.monotonic_ns()
        self._mailbox, self._out = mailbox, out
        self._live = settings.realtime or not settings.is_file
        self._analytics = Analytics(settings, now, lambda: time.time_ns() - time.monotonic_ns())
        self.frames = 0
        self._newest = now
        self._beat_due = now

    def run(self) -> None:
        """Run until the mailbox closes or a file has ended, then say what the open interval holds."""
        while not self._mailbox.closed:
            taken = self._mailbox.take(TURN)
            if isinstance(taken, Event) and self._heard(taken):
                break
            if isinstance(taken, Picture):
                self._analyse(taken)
            elif self._live and not self._hangs:
                self._say(self._analytics.silence(time.monotonic_ns(), self._mailbox.losses))
            self._beat()
        self._say(self._analytics.finish(time.monotonic_ns() if self._live else self._newest))

    @property
    def _hangs(self) -> bool:
        """Whether the decoder is overdue; not a word is said then, so that the parent starts anew."""
        return self._mailbox.overdue > 0

    def _heard(self, event: Event) -> bool:
        """Pass an event on; return whether it is the end, of which the last picture is still to be taken."""
        if event.state is State.LIVE:
            self._analytics.reopened()
        if event.state is State.ENDED and isinstance(last := self._mailbox.take(0), Picture):
            self._analyse(last)
        self._write(speech.state(event))
        return event.state is State.ENDED

    def _analyse(self, picture: Picture) -> None:
        self._say(self._analytics.picture(picture.luma, picture.at, self._mailbox.losses))
        self.frames += 1
        self._newest = picture.at

    def _beat(self) -> None:
        """Say once a second that all is well."""
        now = time.monotonic_ns()
        if now >= self._beat_due and not self._hangs:
            self._beat_due = now + round(BEAT * SECOND)
            self._write(speech.beat(self.frames, max(0, now - self._newest) / SECOND))

    def _say(self, said: Iterable[Said]) -> None:
        for each in said:
            self._write(speech.measurement(each))

    def _write(self, line: bytes) -> None:
        self._out.write(line)
        self._out.flush()


def _close_at_end(descriptor: int, mailbox: Mailbox) -> None:
    """Read past the buffer, whose lock a thread must not hold when the interpreter ends."""
    while os.read(descriptor, 4096):
        pass
    mailbox.close()


def main() -> int:
    """Run the camera that standard input describes; return the exit code."""
    log.set_up()
    cv2.setNumThreads(1)
    source = sys.stdin.buffer
    try:
        settings = read_settings(source)
    except BadSettings as error:
        _log.error("Settings refused: %s", error)
        return 2
    mailbox = Mailbox()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: mailbox.hang_up())
    Thread(target=_close_at_end, args=(source.fileno(), mailbox), name="stdin", daemon=True).start()
    capture = Thread(target=Capture(settings, mailbox).run, name="capture", daemon=True)
    capture.start()
    with suppress(BrokenPipeError):
        Process(settings, mailbox, sys.stdout.buffer).run()
    mailbox.close()
    capture.join(timeout=1.0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
