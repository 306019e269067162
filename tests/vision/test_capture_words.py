"""What a technician reads of a camera: its name, what is wrong, what to look at, and each thing once."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_agent.vision import capture
from edge_agent.vision.capture import Capture
from edge_agent.vision.errors import StreamLost
from edge_agent.vision.mailbox import Mailbox, State
from edge_agent.vision.remedies import CURES, with_cure
from edge_agent.vision.settings import Settings
from edge_agent.vision.stream import Shot
from service.backoff import Backoff
from tests.support.servers import free_port
from tests.support.video import answering_camera, silent_camera
from tests.vision.capturing import capturing, next_state

HTML = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Log in</html>"


def why_lost(address: str) -> str:
    with capturing(address, open_timeout=0.3) as mailbox:
        return next_state(mailbox, State.LOST).why


@pytest.mark.parametrize(
    ("answer", "cure"),
    [
        (b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n", "check them in the address: user:password@host"),
        (b"RTSP/1.0 403 Forbidden\r\nCSeq: 1\r\n\r\n", "has locked this user out"),
        (b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n", "check what stands behind the host"),
        (b"RTSP/1.0 454 Session Not Found\r\nCSeq: 1\r\n\r\n", "does not take the request"),
        (b"RTSP/1.0 503 Service Unavailable\r\nCSeq: 1\r\n\r\n", "too many already"),
    ],
)
def test_a_camera_that_refuses_says_what_to_check(answer: bytes, cure: str) -> None:
    with answering_camera(answer).running() as camera:
        why = why_lost(camera.rtsp)
    assert cure in why
    assert f"rtsp://127.0.0.1:{camera.port}/…" in why
    assert "s3cret" not in why
    assert "Errno" not in why


@pytest.mark.parametrize(
    ("answer", "cure"),
    [
        (b"HTTP/1.0 401 Unauthorized\r\n\r\n", "does not accept the user name or password"),
        (b"HTTP/1.0 404 Not Found\r\n\r\n", "does not know this path"),
        (HTML, "no camera's stream; check rtsp or http, port and path"),
    ],
)
def test_a_server_that_is_no_camera_says_what_to_check(answer: bytes, cure: str) -> None:
    with answering_camera(answer).running() as camera:
        assert cure in why_lost(camera.http)


def test_a_closed_port_a_silent_camera_and_an_unknown_host_say_what_to_check() -> None:
    assert "nothing listens there; is the camera on" in why_lost(f"http://127.0.0.1:{free_port()}/x")
    assert "check the host in the address and the network's DNS" in why_lost("rtsp://camera.invalid/live")
    with silent_camera().running() as camera:
        assert "no answer in time" in (why := why_lost(camera.rtsp))
    assert "is the camera on, and are the host and port" in why


def test_a_file_says_what_to_check(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("nothing to see")
    assert why_lost(str(tmp_path / "none.mp4")).endswith(
        f"No such file or directory: {tmp_path}/none.mp4; check the path"
    )
    assert "no video that can be read" in why_lost(str(tmp_path / "notes.mp4"))
    assert "must be that of a video file" in why_lost(str(tmp_path))


@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT, errno.ECONNREFUSED])
def test_the_system_s_words_have_a_cure(number: int) -> None:
    assert "host" in with_cure(f"cannot be opened: {os.strerror(number)}").partition(";")[2]


def test_an_unknown_loss_is_left_as_it_is_and_the_first_sign_decides() -> None:
    assert with_cure("was ended by the other side") == "was ended by the other side"
    assert with_cure("Server returned 404 Not Found").endswith(CURES["returned 404"])


class Scripted(Mailbox):
    """A mailbox that never waits, and closes when the script is over."""

    def pause(self, seconds: float) -> bool:
        return not self.closed


class Once:
    """Stream: one picture."""

    seconds: float | None = None

    def shots(self) -> Iterator[Shot]:
        yield Shot(np.zeros((48, 64), np.uint8))

    def close(self) -> None:
        pass


def log_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, settings: Settings, *lives: str
) -> list[str]:
    """Run through lives, a cause of loss each, or empty for one picture; return what stands in the log by default."""
    mailbox, left = Scripted(), list(lives)

    def opened(settings: Settings) -> Once:
        if not left:
            mailbox.close()
        cause = left.pop(0) if left else "the end"
        if cause:
            raise StreamLost(cause)
        return Once()

    monkeypatch.setattr(capture, "open_stream", opened)
    with caplog.at_level(logging.DEBUG):
        Capture(settings, mailbox, Backoff()).run()
    return [f"{r.levelname} {r.getMessage()}" for r in caplog.records if r.levelno > logging.DEBUG][:-1]


def test_the_log_names_the_camera_and_says_each_cause_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings("rtsp://u:s3cret@h/x", sensor="cam-north")
    said = log_of(monkeypatch, caplog, settings, *["refused", "no answer"] * 20, "", "refused")
    assert said == [
        "INFO camera cam-north: opening: rtsp://h/…",
        "WARNING camera cam-north: lost: refused",
        "WARNING camera cam-north: lost: no answer",
        "INFO camera cam-north: live: 64 x 48",
        "WARNING camera cam-north: lost: was ended by the other side",
        "WARNING camera cam-north: lost: refused",
    ]


def test_a_loop_is_no_news(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    said = log_of(monkeypatch, caplog, Settings("/clip.mp4", loop=True), *[""] * 20)
    assert said == ["INFO camera: opening: /clip.mp4", "INFO camera: live: 64 x 48"]
