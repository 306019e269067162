"""A stream that goes quiet is told as lost soon, whatever little it still sends; a decoder that hangs is given away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from edge_agent.vision import capture
from edge_agent.vision.mailbox import State
from edge_agent.vision.stream import Shot
from tests.support.video import (
    Act,
    LoopbackCamera,
    Street,
    Trip,
    access_units,
    dripping_camera,
    jpeg,
    mjpeg_camera,
    rtsp_camera,
    silent_camera,
)
from tests.vision.capturing import capturing, next_state
from tests.vision.sounding import sounding_camera

PICTURES = list(Street([Trip(160, 0, 60)]).pictures(3, 25))
JPEGS = [jpeg(picture) for picture in PICTURES]
UNITS = access_units(PICTURES)
TIMEOUT = 0.5
"""Of the settings."""
BOUND = 5.0
"""Twice the time-outs and a machine with other things to do; without deadlines it is a minute and more."""


def seconds_until_lost(camera: LoopbackCamera, address: str) -> tuple[float, str]:
    """Return how long after its opening or its last picture a stream is told as lost, and why."""
    with camera.running(), capturing(address, open_timeout=TIMEOUT, read_timeout=TIMEOUT) as mailbox:
        taken, since = mailbox.take(BOUND), time.monotonic()
        while taken is not None and getattr(taken, "state", None) is not State.LOST:
            since = time.monotonic()
            taken = mailbox.take(BOUND)
        assert taken is not None, "nothing was told"
        return time.monotonic() - since, getattr(taken, "why", "")


@pytest.mark.parametrize("camera", [silent_camera(), dripping_camera(), mjpeg_camera([Act.DRIP, *JPEGS])])
def test_an_opening_that_never_ends_is_lost_in_time(camera: LoopbackCamera) -> None:
    seconds, why = seconds_until_lost(camera, camera.http)
    assert seconds < BOUND
    assert "no answer in time" in why


@pytest.mark.parametrize("act", [Act.STALL, Act.DRIP])
def test_pictures_that_never_end_are_lost_in_time(act: Act) -> None:
    camera = mjpeg_camera([*JPEGS[:25], act, *JPEGS[:25]])
    seconds, why = seconds_until_lost(camera, camera.http)
    assert seconds < BOUND
    assert "no picture in time" in why


@pytest.mark.parametrize("act", [Act.STALL, Act.DRIP])
def test_packets_that_never_end_are_lost_in_time(act: Act) -> None:
    camera = rtsp_camera([*UNITS, act, *UNITS])
    seconds, why = seconds_until_lost(camera, camera.rtsp)
    assert seconds < BOUND
    assert "no picture in time" in why


def test_sound_does_not_hide_that_there_is_no_picture() -> None:
    camera = sounding_camera(PICTURES, seconds=60)
    seconds, why = seconds_until_lost(camera, camera.http)
    assert seconds < BOUND
    assert "sound, but no picture in time" in why


class Hanging:
    """Stream: gives one picture, then hangs in the decoder."""

    seconds: float | None = None

    def __init__(self) -> None:
        self.released = threading.Event()

    def shots(self) -> Iterator[Shot]:
        yield Shot(np.zeros((48, 64), np.uint8))
        self.released.wait()

    def close(self) -> None:
        self.released.set()


def test_a_decoder_that_hangs_breaks_its_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = Hanging()
    monkeypatch.setattr(capture, "MARGIN", 0.1)
    monkeypatch.setattr(capture, "open_stream", lambda settings: hanging)
    with capturing("rtsp://127.0.0.1/", open_timeout=0.1, read_timeout=0.1) as mailbox:
        next_state(mailbox, State.LIVE)
        deadline = time.monotonic() + BOUND
        while mailbox.overdue <= 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        hanging.released.set()
