"""Streams that live, die, stall, lie and break their size; deadlines hold because the test would hang otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_agent.vision.mailbox import Mailbox, Picture, State
from tests.support.video import (
    HEIGHT,
    WIDTH,
    Act,
    Street,
    Trip,
    access_units,
    giant_jpeg,
    jpeg,
    mjpeg_camera,
    rtsp_camera,
    silent_camera,
    write,
)
from tests.vision.capturing import PATIENCE, capturing, next_state

STREET = Street([Trip(160, 0, 60)])
PICTURES = list(STREET.pictures(1, 25))
JPEGS = [jpeg(picture) for picture in PICTURES]
WIDE = jpeg(np.zeros((64, 5000), np.uint8))


def pictures_until(mailbox: Mailbox, enough: Callable[[Picture], bool]) -> list[Picture]:
    """Pass over events; return the pictures up to the one that is enough."""
    found: list[Picture] = []
    while not found or not enough(found[-1]):
        taken = mailbox.take(PATIENCE)
        assert taken is not None
        if isinstance(taken, Picture):
            found.append(taken)
            assert len(found) < 500
    return found


def next_picture(mailbox: Mailbox) -> Picture:
    return pictures_until(mailbox, lambda _: True)[0]


def test_a_file_gives_each_picture_and_ends(tmp_path: Path) -> None:
    clip = write(tmp_path / "street.mp4", PICTURES, 25)
    with capturing(str(clip), realtime=False) as mailbox:
        times = iter(range(1, 26))
        pictures = pictures_until(mailbox, lambda _: next(times) == 25)
    assert {picture.luma.shape for picture in pictures} == {(HEIGHT, WIDTH)}
    assert np.diff([picture.at for picture in pictures]) == pytest.approx(40_000_000, abs=1_000_000)
    assert np.abs(pictures[7].luma.astype(int) - PICTURES[7]).mean() < 12
    assert mailbox.losses.skipped == 0


def test_a_file_in_real_time_lies_in_no_future(tmp_path: Path) -> None:
    clip = write(tmp_path / "street.mp4", PICTURES[:12], 25)
    with capturing(f"file:{clip}") as mailbox:
        next_state(mailbox, State.ENDED)
        assert mailbox.overdue < 0


def test_a_file_that_loops_starts_again(tmp_path: Path) -> None:
    clip = write(tmp_path / "street.mp4", PICTURES[:5], 25)
    with capturing(str(clip), loop=True) as mailbox:
        for _ in range(3):
            next_state(mailbox, State.LIVE)


def test_a_missing_file_is_lost_and_tried_again(tmp_path: Path) -> None:
    with capturing(str(tmp_path / "none.mp4")) as mailbox:
        assert "No such file" in next_state(mailbox, State.LOST).why
        write(tmp_path / "none.mp4", PICTURES, 25)
        next_state(mailbox, State.LIVE)
        assert mailbox.losses.reconnects >= 1


def test_a_file_without_video_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("nothing to see")
    with capturing(str(tmp_path / "notes.mp4")) as mailbox:
        assert "cannot be opened" in next_state(mailbox, State.LOST).why


def test_a_live_stream_gives_its_pictures_and_its_end_is_a_loss() -> None:
    with mjpeg_camera(JPEGS).running() as camera, capturing(camera.http) as mailbox:
        assert next_state(mailbox, State.LIVE).why == f"{WIDTH} x {HEIGHT}"
        assert next_picture(mailbox).luma.shape == (HEIGHT, WIDTH)
        next_state(mailbox, State.LOST)
        next_state(mailbox, State.LIVE)


def test_a_stalled_stream_is_lost_and_opened_again() -> None:
    with mjpeg_camera([*JPEGS, Act.STALL]).running() as camera, capturing(camera.http) as mailbox:
        assert "no picture in time" in next_state(mailbox, State.LOST).why
        next_state(mailbox, State.LIVE)
        assert mailbox.losses.reconnects == 1


def test_a_server_that_never_answers_is_given_up() -> None:
    with silent_camera().running() as camera, capturing(camera.http, open_timeout=0.5) as mailbox:
        next_state(mailbox, State.LOST)
        next_state(mailbox, State.LOST)


def test_a_reset_connection_is_opened_again() -> None:
    with mjpeg_camera([*JPEGS, Act.RESET]).running() as camera, capturing(camera.http) as mailbox:
        assert "has broken off" in next_state(mailbox, State.LOST).why
        next_state(mailbox, State.LIVE)


@pytest.mark.parametrize(
    "rubbish",
    [JPEGS[3][: len(JPEGS[3]) // 3], b"\xff\xd8 no picture \xff\xd9", b"", bytes(3000)],
    ids=["truncated", "garbage", "empty", "zeros"],
)
def test_a_spoiled_picture_is_counted_and_the_stream_goes_on(rubbish: bytes) -> None:
    script: list[bytes | Act] = [*JPEGS, *[rubbish] * 3, *JPEGS, Act.STALL]
    with mjpeg_camera(script).running() as camera, capturing(camera.http, read_timeout=5) as mailbox:
        whole = pictures_until(mailbox, lambda _: mailbox.losses.decode_errors > 0)
        whole.append(next_picture(mailbox))
        assert mailbox.losses.reconnects == 0
    assert min(float(picture.luma.std()) for picture in whole) > 5


def test_nothing_but_rubbish_is_a_loss() -> None:
    script: list[bytes | Act] = [*JPEGS, *[JPEGS[0][:2000]] * 200]
    with mjpeg_camera(script).running() as camera, capturing(camera.http) as mailbox:
        assert "cannot be decoded" in next_state(mailbox, State.LOST).why


def test_a_bomb_never_becomes_a_picture() -> None:
    script: list[bytes | Act] = [*JPEGS, giant_jpeg(16000, 16000), *JPEGS, Act.STALL]
    with mjpeg_camera(script).running() as camera, capturing(camera.http, read_timeout=5) as mailbox:
        pictures = pictures_until(mailbox, lambda _: mailbox.losses.decode_errors > 0)
        pictures.append(next_picture(mailbox))
    assert {picture.luma.shape for picture in pictures} == {(HEIGHT, WIDTH)}


def test_an_absurd_size_is_a_loss() -> None:
    with mjpeg_camera([*JPEGS, WIDE, Act.STALL]).running() as camera, capturing(camera.http) as mailbox:
        assert "5000 x 64" in next_state(mailbox, State.LOST).why


def test_a_file_that_goes_bad_is_over_and_not_counted_twice(tmp_path: Path) -> None:
    (tmp_path / "street.mjpeg").write_bytes(b"".join([*JPEGS, WIDE]))
    with capturing(str(tmp_path / "street.mjpeg"), realtime=False) as mailbox:
        assert "5000 x 64" in next_state(mailbox, State.ENDED).why


def test_another_size_in_mid_stream_comes_through() -> None:
    large = [jpeg(picture.repeat(2, axis=0).repeat(2, axis=1)) for picture in PICTURES]
    with mjpeg_camera([*JPEGS, *large, Act.STALL]).running() as camera, capturing(camera.http) as mailbox:
        pictures = pictures_until(mailbox, lambda picture: picture.luma.shape != (HEIGHT, WIDTH))
    assert pictures[0].luma.shape == (HEIGHT, WIDTH)
    assert pictures[-1].luma.shape == (2 * HEIGHT, 2 * WIDTH)


def test_an_rtsp_stream_lives_stalls_and_comes_back_without_telling_its_password() -> None:
    units = access_units(STREET.pictures(3, 25))
    with rtsp_camera([*units, Act.STALL]).running() as camera, capturing(camera.rtsp) as mailbox:
        assert next_state(mailbox, State.OPENING).why == f"rtsp://127.0.0.1:{camera.port}/…"
        assert next_picture(mailbox).luma.shape == (HEIGHT, WIDTH)
        assert "no picture in time" in next_state(mailbox, State.LOST).why
        next_state(mailbox, State.LIVE)


def test_a_refused_rtsp_stream_does_not_tell_its_password() -> None:
    with silent_camera().running() as camera, capturing(camera.rtsp, open_timeout=0.3) as mailbox:
        assert "s3cret" not in next_state(mailbox, State.LOST).why


def test_an_unplugged_device_is_lost() -> None:
    with capturing("/dev/video9999") as mailbox:
        assert "plugged in" in next_state(mailbox, State.LOST).why
