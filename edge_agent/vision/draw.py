"""Pictures for people who want to see why something was counted."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from edge_agent.vision.settings import Line
from edge_agent.vision.tally import Look
from edge_agent.vision.tracker import SEEN

SCALE = 2
_LINE, _TRACK, _WAITING, _CROSSING, _TEXT = (255, 128, 0), (0, 255, 255), (255, 0, 255), (0, 0, 255), (0, 255, 0)


def annotated(look: Look, lines: Sequence[Line], counted: str) -> cv2.typing.MatLike:
    """Return a BGR picture with lines, believed tracks (yellow; waiting: magenta; crossing: red) and a caption."""
    grey = cv2.cvtColor(look.seen.small, cv2.COLOR_GRAY2BGR)
    canvas = cv2.resize(grey, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_NEAREST)
    height, width = canvas.shape[:2]
    for line in lines:
        start, end = ((round(x * width), round(y * height)) for x, y in (line.start, line.end))
        cv2.arrowedLine(canvas, start, end, _LINE, 1, tipLength=0.02)
    crossing = {each.track for each in look.seen.crossings}
    tracker = look.watcher.tracker
    for number, row, box, sure in zip(tracker.ids, tracker.state, tracker.boxes(), tracker.sure, strict=True):
        if sure:
            colour = _CROSSING if number in crossing else _TRACK if row[SEEN] == look.seen.time else _WAITING
            left, top, wide, high = (int(side) for side in box * SCALE)
            cv2.rectangle(canvas, (left, top), (left + wide, top + high), colour, 1 + (number in crossing))
            cv2.putText(canvas, str(number), (left, top - 2), cv2.FONT_HERSHEY_PLAIN, 0.9, colour)
    cv2.putText(canvas, f"{look.time:6.2f} s  {counted}", (8, height - 8), cv2.FONT_HERSHEY_PLAIN, 1.2, _TEXT)
    return canvas


class Film:
    """Writes annotated pictures to an MP4 file; use as a context manager."""

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path), "w")
        self._stream: av.VideoStream | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def add(self, picture: cv2.typing.MatLike, time: float) -> None:
        """Add the picture of a time in seconds."""
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=25)
            self._stream.width, self._stream.height = picture.shape[1] & ~1, picture.shape[0] & ~1
            self._stream.pix_fmt = "yuv420p"
            self._stream.codec_context.time_base = Fraction(1, 1000)
        even = np.ascontiguousarray(picture[: picture.shape[0] & ~1, : picture.shape[1] & ~1], np.uint8)
        frame = VideoFrame.from_ndarray(even, format="bgr24")
        frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
        self._container.mux(self._stream.encode(frame))
