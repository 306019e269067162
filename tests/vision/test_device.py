"""A camera on this computer, played by a scripted cv2.VideoCapture."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest

from edge_agent.vision import device
from edge_agent.vision.device import DeviceStream
from edge_agent.vision.errors import StreamLost
from edge_agent.vision.mailbox import State
from edge_agent.vision.settings import Settings
from tests.vision.capturing import capturing, next_state

GREY = np.full((48, 64), 90, np.uint8)
COLOUR = np.full((48, 64, 3), 90, np.uint8)


class Scripted:
    """cv2.VideoCapture: notes its number, gives the pictures of a script, then None for ever."""

    opened: ClassVar[list[int]] = []
    released = 0
    works = True
    script: ClassVar[list[Any]] = []

    def __init__(self, number: int, backend: int) -> None:
        assert backend == cv2.CAP_V4L2
        Scripted.opened.append(number)
        self._pictures = iter(Scripted.script)

    def isOpened(self) -> bool:  # noqa: N802  OpenCV's name
        return Scripted.works

    def read(self) -> tuple[bool, Any]:
        picture = next(self._pictures, None)
        if isinstance(picture, Exception):
            raise picture
        return picture is not None, picture

    def release(self) -> None:
        Scripted.released += 1


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> type[Scripted]:
    monkeypatch.setattr(device.cv2, "VideoCapture", Scripted)
    Scripted.opened, Scripted.released, Scripted.works, Scripted.script = [], 0, True, [GREY]
    return Scripted


def test_pictures_are_grey_and_a_failed_read_is_a_loss(scripted: type[Scripted]) -> None:
    scripted.script = [GREY, COLOUR]
    shots = DeviceStream(Settings("/dev/video3")).shots()
    for _ in range(2):
        assert np.array_equal(next(shots).luma, GREY)
    with pytest.raises(StreamLost, match="gives no picture; check its plug"):
        next(shots)
    assert scripted.opened == [3]


def test_a_defect_of_the_backend_is_a_loss(scripted: type[Scripted]) -> None:
    scripted.script = [cv2.error("buf.index < req.count")]
    with pytest.raises(StreamLost, match="has broken off"):
        next(DeviceStream(Settings("/dev/video0")).shots())


def test_a_device_lives_is_lost_let_go_and_opened_again(scripted: type[Scripted]) -> None:
    with capturing("/dev/video0") as mailbox:
        assert next_state(mailbox, State.LIVE).why == "64 x 48"
        assert "gives no picture" in next_state(mailbox, State.LOST).why
        next_state(mailbox, State.LIVE)
        assert scripted.released >= 1
    assert scripted.released == len(scripted.opened)


def test_a_lasting_name_leads_to_the_device_of_each_opening(tmp_path: Path, scripted: type[Scripted]) -> None:
    name = tmp_path / "usb-046d_HD_Webcam-video-index0"
    for number in (0, 12):
        name.unlink(missing_ok=True)
        name.symlink_to(f"../../../../../../dev/video{number}")
        DeviceStream(Settings(str(name))).close()
    assert scripted.opened == [0, 12]


def test_an_unplugged_name_tells_which_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: type[Scripted]
) -> None:
    monkeypatch.setattr(device, "NAMES", tmp_path)
    with pytest.raises(StreamLost, match=r"cam does not exist; is it plugged in\? Present in .*: nothing"):
        DeviceStream(Settings("/dev/v4l/by-id/cam"))
    (tmp_path / "usb-a").touch()
    with pytest.raises(StreamLost, match=r"Present in .*: usb-a"):
        DeviceStream(Settings("/dev/v4l/by-id/cam"))
    assert scripted.opened == []


def test_a_device_that_cannot_be_used_tells_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: type[Scripted]
) -> None:
    scripted.works = False
    (tmp_path / "video0").touch()
    monkeypatch.setattr(device, "_number", lambda path: 0)
    with pytest.raises(StreamLost, match="is another program using it"):
        DeviceStream(Settings(str(tmp_path / "video0")))
    monkeypatch.setattr(device.os, "access", lambda path, mode: False)
    with pytest.raises(StreamLost, match="add it to the group video"):
        DeviceStream(Settings(str(tmp_path / "video0")))
