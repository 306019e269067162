"""What the parent says about a camera is checked before anything opens."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.vision.errors import BadSettings
from edge_agent.vision.settings import Settings, masked

LINE: dict[str, Any] = {"name": "l1", "from": [0.0, 0.7], "to": [1, 0.7], "directions": ["down", "up"], "metres": 14.0}


def test_everything_said_is_taken() -> None:
    said = {
        "url": "rtsp://10.0.0.1/x", "sensor": "cam", "fps": 5, "realtime": True, "loop": False,
        "open_timeout": 4, "read_timeout": 3.0,
        "mask": [[[0, 0], [1, 0], [1, 0.2]]], "lines": [LINE], "interval": 30,
    }  # fmt: skip
    settings = Settings.from_dict(said)
    assert (settings.fps, settings.open_timeout, settings.read_timeout, settings.interval) == (5, 4, 3, 30)
    assert settings.sensor == "cam"
    assert settings.mask == (((0, 0), (1, 0), (1, 0.2)),)
    line = settings.lines[0]
    assert (line.name, line.start, line.end, line.directions, line.metres) == (
        "l1",
        (0, 0.7),
        (1, 0.7),
        ("down", "up"),
        14,
    )


def test_only_the_address_is_needed() -> None:
    settings = Settings.from_dict({"url": "/dev/video0"})
    assert (settings.fps, settings.realtime, settings.interval, settings.lines) == (10, True, 60, ())


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"url": ""}, "url"),
        ({"url": 7}, "url"),
        ({"sensor": 7}, "sensor"),
        ({"fps": -1}, "fps"),
        ({"fps": float("nan")}, "fps"),
        ({"fps": True}, "fps"),
        ({"open_timeout": 0}, "open_timeout"),
        ({"read_timeout": "5"}, "read_timeout"),
        ({"interval": 0}, "interval"),
        ({"realtime": "no"}, "realtime"),
        ({"realtime": False, "loop": True}, "loop"),
        ({"colour": "red"}, "colour"),
        ({"mask": [[[0, 0], [1, 1]]]}, "mask"),
        ({"mask": [[[0, 0], [1, 1], [2, 0]]]}, "mask"),
        ({"mask": 3}, "mask"),
        ({"lines": [LINE, LINE]}, "one name"),
        ({"lines": [LINE | {"name": "L 1"}]}, "L 1"),
        ({"lines": [LINE | {"to": [0.0, 0.7]}]}, "l1"),
        ({"lines": [LINE | {"to": [0.5]}]}, "l1: to"),
        ({"lines": [LINE | {"directions": ["up", "up"]}]}, "directions"),
        ({"lines": [LINE | {"directions": ["up"]}]}, "directions"),
        ({"lines": [LINE | {"directions": None}]}, "directions"),
        ({"lines": [LINE | {"metres": 0}]}, "metres"),
        ({"lines": [LINE | {"metres": "wide"}]}, "metres"),
    ],
)
def test_what_no_camera_can_be_run_with_is_refused_by_name(change: dict[str, Any], word: str) -> None:
    with pytest.raises(BadSettings, match=word):
        Settings.from_dict({"url": "/tmp/street.mp4"} | change)


@pytest.mark.parametrize(
    ("url", "is_file", "is_device"),
    [
        ("/tmp/street.mp4", True, False),
        ("file:/tmp/street.mp4", True, False),
        ("file:///tmp/street.mp4", True, False),
        ("/dev/video0", False, True),
        ("/dev/v4l/by-id/usb-046d_HD_Webcam-video-index0", False, True),
        ("/dev/v4l/by-path/pci-0000:00:14.0-usb-0:2:1.0-video-index0", False, True),
        ("/dev/v4l/by-id/../../../tmp/street.mp4", True, False),
        ("/dev/video0.mp4", True, False),
        ("rtsp://10.0.0.1/live", False, False),
        ("http://10.0.0.1/video.mjpeg", False, False),
    ],
)
def test_files_and_devices_are_told_from_streams(url: str, is_file: bool, is_device: bool) -> None:
    settings = Settings.from_dict({"url": url})
    assert (settings.is_file, settings.is_device) == (is_file, is_device)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://admin:s3cret@10.0.0.1:554/live", "rtsp://10.0.0.1:554/…"),
        ("rtsp://admin:p@ss@10.0.0.1/live", "rtsp://10.0.0.1/…"),
        ("rtsp://admin:s3/cret@10.0.0.1/live", "rtsp://10.0.0.1/…"),
        ("rtsp://10.0.0.1/user=admin_password=s3cret_channel=1", "rtsp://10.0.0.1/…"),
        ("http://10.0.0.1/live?loginuse=a&loginpas=s3cret&ch=1", "http://10.0.0.1/…"),
        ("http://10.0.0.1?p=s3cret", "http://10.0.0.1/…"),
        ("I/O error: 'rtsp://a:b@h/a' and 'rtsp://c@h/b'", "I/O error: 'rtsp://h/…' and 'rtsp://h/…'"),
        ("/srv/clips/street.mp4", "/srv/clips/street.mp4"),
    ],
)
def test_no_secret_of_an_address_is_shown(address: str, shown: str) -> None:
    assert masked(address) == shown
