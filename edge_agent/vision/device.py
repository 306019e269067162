"""A camera on this computer through OpenCV."""

from __future__ import annotations

import re
from collections.abc import Iterator

import cv2
import numpy as np

from edge_agent.vision.errors import StreamLost
from edge_agent.vision.settings import Settings
from edge_agent.vision.stream import Shot


class DeviceStream:
    """/dev/videoN; a driver that hangs is cut by the parent, which misses the beat."""

    seconds: float | None = None

    def __init__(self, settings: Settings) -> None:
        """Open it; raises StreamLost."""
        number = re.sub(r"\D+", "", settings.url)
        self._camera = cv2.VideoCapture(int(number), cv2.CAP_V4L2)
        if not self._camera.isOpened():
            raise StreamLost("cannot be opened: is it plugged in, and may this user read it (group video)?")

    def shots(self) -> Iterator[Shot]:
        """Yield pictures in order; raises StreamLost."""
        while True:
            good, picture = self._camera.read()
            if not good:
                raise StreamLost("has broken off")
            grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            yield Shot(np.asarray(grey, np.uint8))

    def close(self) -> None:
        """Let go of the device."""
        self._camera.release()
