"""A stream or a file through PyAV: the luma plane as it lies in memory, and deadlines that hold.

`to_ndarray("gray")` is never used: it costs more than the whole decoding; plane 0 is brightness already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge_agent.vision.errors import StreamLost
from edge_agent.vision.settings import Settings, masked
from edge_agent.vision.shrink import Image

LARGEST = 4096
"""The widest and highest picture that is taken in; larger ones are bombs."""

_BOUNDS = {"max_pixels": str(LARGEST * LARGEST)}
"""For the decoder, which would otherwise take the memory before anybody can look at the size."""
_OPTIONS = _BOUNDS | {"analyzeduration": "1000000"}
_LIVE = {"fflags": "nobuffer", "flags": "low_delay"}
"""Drops what was read to recognise the stream, so never for files."""
_PROTOCOLS = {"rtsp": "rtp,tcp,udp,rtsp", "rtsps": "rtp,tcp,udp,rtsp,tls", "http": "http,tcp", "https": "https,tls,tcp"}
_JPEG_END = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a stream: None where it could not be decoded; `time` in seconds of the stream, if it says."""

    luma: Image | None
    time: float | None = None


class Stream(Protocol):
    """Something that gives pictures until it raises StreamLost, or ends."""

    seconds: float | None
    """How long it is, where that is known."""

    def shots(self) -> Iterator[Shot]:
        """Yield pictures in order."""

    def close(self) -> None:
        """Let go of it."""


class AvStream:
    """An RTSP stream (over TCP), HTTP stream or file."""

    def __init__(self, settings: Settings) -> None:
        """Open it; raises StreamLost."""
        with _losses("cannot be opened"):
            self._container = _open(settings)
        self.seconds = None if self._container.duration is None else self._container.duration / av.time_base
        self._video = _video(self._container)

    def shots(self) -> Iterator[Shot]:
        """Yield pictures in order; raises StreamLost."""
        with _losses("has broken off"):
            for packet in self._container.demux(self._video):
                yield from _decoded(packet)

    def close(self) -> None:
        """Let go of the connection or file."""
        self._container.close()


def _open(settings: Settings) -> InputContainer:
    scheme = settings.url.partition("://")[0] if "://" in settings.url else "file"
    options = _OPTIONS | {"protocol_whitelist": _PROTOCOLS.get(scheme, "file")}
    if not settings.is_file:
        options |= _LIVE
    if scheme.startswith("rtsp"):
        options |= {"rtsp_transport": "tcp"}
    return av.open(settings.url, options=options, timeout=(settings.open_timeout, settings.read_timeout))


def _video(container: InputContainer) -> VideoStream:
    if not container.streams.video:
        container.close()
        raise StreamLost("holds no video")
    video = container.streams.video[0]
    if max(video.width, video.height) > LARGEST:
        container.close()
        raise StreamLost(f"shows pictures of {video.width} x {video.height}, more than {LARGEST} x {LARGEST}")
    video.codec_context.thread_count = 1
    video.codec_context.options = _BOUNDS
    return video


def _decoded(packet: Packet[VideoStream]) -> Iterator[Shot]:
    """Yield the pictures of a packet; a JPEG without its end is refused, for the decoder would paint over the rest."""
    if packet.size and packet.stream.codec_context.name == "mjpeg" and _JPEG_END not in bytes(memoryview(packet)[-32:]):
        yield Shot(None)
        return
    try:
        frames = packet.decode()
    except (av.error.InvalidDataError, av.error.ArgumentError):
        yield Shot(None)
        return
    for frame in frames:
        if isinstance(frame, VideoFrame):
            yield Shot(None if frame.is_corrupt else luma(frame), frame.time)


def luma(frame: VideoFrame) -> Image:
    """Return the brightness of a frame, height by width, without copying it where it is stored by itself."""
    first = frame.format.components[0]
    if max(frame.width, frame.height) > LARGEST:
        raise StreamLost(f"shows a picture of {frame.width} x {frame.height}, more than {LARGEST} x {LARGEST}")
    stored_apart = first.is_luma and (frame.format.is_planar or len(frame.format.components) == 1)
    if not stored_apart or first.bits != 8 or frame.format.has_palette:
        frame = frame.reformat(format="gray")
    plane = frame.planes[0]
    stored = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return stored[: frame.height, : frame.width]


@contextmanager
def _losses(what: str) -> Iterator[None]:
    """Turn what FFmpeg raises into StreamLost."""
    try:
        yield
    except av.error.ExitError as error:
        raise StreamLost("says nothing: no picture in time") from error
    except av.FFmpegError as error:
        raise StreamLost(f"{what}: {masked(str(error))}") from error
