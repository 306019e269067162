"""A camera on this computer through OpenCV."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge_agent.vision.errors import StreamLost
from edge_agent.vision.settings import Settings
from edge_agent.vision.stream import Shot

NAMES = Path("/dev/v4l/by-id")
_NUMBERED = re.compile(r"/dev/video(\d+)")


class DeviceStream:
    """/dev/videoN, or a lasting name that leads to one whenever it is opened.

    OpenCV has no time-outs for V4L2 but one: it waits for a picture as long as its environment says, which is set by
    the parent to `read_timeout` in whole seconds. So a camera that stops is lost after `read_timeout` rounded up, and
    after twice that while the first picture is awaited. A driver that hangs in a call is cut from outside: the promise
    to the mailbox silences the beat, and the parent ends a silent process; see `capture.Capture` for the sum.
    """

    seconds: float | None = None

    def __init__(self, settings: Settings) -> None:
        """Open it; raises StreamLost."""
        self._camera = cv2.VideoCapture(_number(settings.url), cv2.CAP_V4L2)
        if not self._camera.isOpened():
            raise StreamLost(f"cannot be opened: {_trouble(settings.url)}")

    def shots(self) -> Iterator[Shot]:
        """Yield pictures in order; raises StreamLost."""
        while True:
            try:
                good, picture = self._camera.read()
                if not good:
                    raise StreamLost("has broken off: the device gives no picture; check its plug and the USB's power")
                grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            except cv2.error as error:
                raise StreamLost(f"has broken off: {error.err}") from error
            yield Shot(np.asarray(grey, np.uint8))

    def close(self) -> None:
        """Let go of the device."""
        self._camera.release()


def _number(path: str) -> int:
    """Return the N of the /dev/videoN that a path leads to now; raises StreamLost."""
    found = _NUMBERED.fullmatch(os.path.realpath(path))
    if found is None:
        raise StreamLost(f"cannot be opened: {_trouble(path)}")
    return int(found[1])


def _trouble(path: str) -> str:
    """Return why a device cannot be opened, and what to look at."""
    if not Path(path).exists():
        names = sorted(name.name for name in NAMES.glob("*")) or ["nothing"]
        return f"{path} does not exist; is it plugged in? Present in {NAMES}: {', '.join(names)}"
    if not os.access(path, os.R_OK | os.W_OK):
        return f"this user may not use {path}; add it to the group video"
    return f"{path} gives no pictures; is another program using it, or has the camera another device (…-index0)?"
