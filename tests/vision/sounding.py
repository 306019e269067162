"""A camera on loopback that goes on sending sound when its picture has died."""

from __future__ import annotations

import io
from collections.abc import Iterable

import av
import numpy as np

from tests.support.video import HEIGHT, WIDTH, Image, LoopbackCamera, answering_camera

_HEADER = b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n"


def sounding_camera(pictures: Iterable[Image], seconds: float) -> LoopbackCamera:
    """Return a camera that goes on sending sound over HTTP after its last picture."""
    stream = transport_stream(pictures, seconds)
    return answering_camera(_HEADER, *(stream[at : at + 1880] for at in range(0, len(stream), 1880)))


def transport_stream(pictures: Iterable[Image], seconds: float) -> bytes:
    """Return pictures at 25 a second and so many seconds of sound as MPEG-TS."""
    out = io.BytesIO()
    with av.open(out, "w", format="mpegts") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "tune": "zerolatency"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = container.add_stream("mp2", rate=32000)
        for picture in pictures:
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        container.mux(video.encode(None))
        silence = np.zeros((1, 2 * 1152), np.int16)
        for _ in range(round(seconds * 32000 / 1152)):
            frame = av.AudioFrame.from_ndarray(silence, format="s16", layout="stereo")
            frame.rate = 32000
            container.mux(audio.encode(frame))
    return out.getvalue()
