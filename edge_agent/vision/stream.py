"""A stream or a file through PyAV: the luma plane as it lies in memory, and deadlines that hold.

`to_ndarray("gray")` is never used: it costs more than the whole decoding; plane 0 is brightness already.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import Protocol, cast
from urllib.parse import urlsplit

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
_LIVE = {"flags": "low_delay"}
"""Never `nobuffer`: it throws away what was read to recognise the stream, the key frame with it."""
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
    """An RTSP stream (over TCP), HTTP stream or file.

    Opening takes at most twice `open_timeout`: once to connect, once to recognise what comes. A stream that sends
    nothing, or sound without pictures, is lost at most twice `read_timeout` after its last picture.
    """

    def __init__(self, settings: Settings) -> None:
        """Open it; raises StreamLost."""
        self._settings = settings
        with _losses("cannot be opened", "no answer in time", settings, settings.open_timeout):
            self._container = _open(settings)
        self.seconds = None if self._container.duration is None else self._container.duration / av.time_base
        self._video = _video(self._container)

    def shots(self) -> Iterator[Shot]:
        """Yield pictures in order; raises StreamLost."""
        with _losses("has broken off", "no picture in time", self._settings):
            for packet in self._packets():
                yield from _decoded(packet)

    def close(self) -> None:
        """Let go of the connection or file."""
        self._container.close()

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        """Yield what belongs to the picture; of a live stream the sound is read too, for it must not hide a stall."""
        if self._settings.is_file:
            yield from self._container.demux(self._video)
            return
        seen = time.monotonic()
        for packet in self._container.demux():
            if packet.stream_index == self._video.index:
                yield cast("Packet[VideoStream]", packet)
                seen = time.monotonic()
            elif time.monotonic() - seen > self._settings.read_timeout:
                raise StreamLost("has broken off: sound, but no picture in time")


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
def _losses(what: str, late: str, settings: Settings, patience: float = inf) -> Iterator[None]:
    """Turn what FFmpeg raises into StreamLost; what fails after its patience was cut off, whatever FFmpeg calls it."""
    begun = time.monotonic()
    try:
        yield
    except av.FFmpegError as error:
        answered = isinstance(error, av.error.HTTPError)
        cut_off = isinstance(error, av.error.ExitError) or (not answered and time.monotonic() - begun >= patience)
        reason = late if cut_off else _reason(error, settings)
        raise StreamLost(f"{what}: {reason}: {settings.shown_url}") from error


def _reason(error: av.FFmpegError, settings: Settings) -> str:
    """Return FFmpeg's words; a name that it cannot look up is an input/output error to it."""
    if error.errno == errno.EIO and not settings.is_file and not _is_known_host(settings.url):
        return "the host name is not known"
    return masked(str(error.strerror))


def _is_known_host(url: str) -> bool:
    try:
        socket.getaddrinfo(urlsplit(url).hostname, None)
    except (OSError, ValueError):
        return False
    return True
