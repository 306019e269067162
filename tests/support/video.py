"""Small videos with known crossings, and cameras on loopback that do what a script says."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

WIDTH, HEIGHT = 320, 240
BODY = 36, 28
"""Width and height of a vehicle in pixels."""


@dataclass(frozen=True)
class Trip:
    """A vehicle whose middle is at x, and at height y at the second 0, moving at so many pixels a second."""

    x: float
    y: float
    speed: float


class Street:
    """Paints textured vehicles on a textured street, with sensor noise."""

    def __init__(self, trips: Iterable[Trip], *, seed: int = 1) -> None:
        self._trips = list(trips)
        self._random = np.random.default_rng(seed)
        rough = self._random.integers(85, 115, (HEIGHT // 8, WIDTH // 8)).astype(np.uint8)
        self._ground = cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        self._looks = [self._look(number) for number in range(len(self._trips))]

    def picture(self, time: float) -> Image:
        """Return the picture of a second."""
        canvas = self._ground.copy()
        for trip, look in zip(self._trips, self._looks, strict=True):
            left, top = round(trip.x - BODY[0] / 2), round(trip.y + trip.speed * time - BODY[1] / 2)
            first, last = max(0, top), min(HEIGHT, top + BODY[1])
            if first < last:
                canvas[first:last, left : left + BODY[0]] = look[first - top : last - top]
        noise = self._random.normal(0, 1.5, canvas.shape)
        return np.asarray(np.clip(canvas + noise, 0, 255), np.uint8)

    def pictures(self, seconds: float, fps: float) -> Iterator[Image]:
        """Yield the pictures of a while."""
        for number in range(round(seconds * fps)):
            yield self.picture(number / fps)

    def _look(self, number: int) -> Image:
        body = np.full((BODY[1], BODY[0]), (200, 40, 160)[number % 3], np.uint8)
        cv2.rectangle(body, (6, 4), (29, 10), (20,), -1)
        cv2.rectangle(body, (4, 18), (31, 23), (240,), -1)
        return body


def write(path: Path, pictures: Iterable[Image], fps: int) -> Path:
    """Write pictures of one size as an MP4 file."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "12"})
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            if number == 0:
                stream.height, stream.width = picture.shape
            frame = av.VideoFrame.from_ndarray(picture, format="gray")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def jpeg(picture: Image) -> bytes:
    """Return a picture as JPEG."""
    return bytes(cv2.imencode(".jpg", picture)[1])


def giant_jpeg(width: int, height: int) -> bytes:
    """Return a small JPEG whose header claims a great size."""
    small = bytearray(jpeg(np.zeros((16, 16), np.uint8)))
    at = small.index(b"\xff\xc0") + 5
    small[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(small)


class Act(Enum):
    """What a scripted camera does besides sending."""

    STALL = auto()
    RESET = auto()
    DRIP = auto()
    """From here on a byte now and then, never enough of them."""


class LoopbackCamera:
    """Listens on loopback; each connection gets the next script of parts and acts, the last one again and again."""

    def __init__(
        self, scripts: list[list[bytes | Act]], talk: Callable[[socket.socket], Callable[[bytes], bytes]]
    ) -> None:
        self._scripts = scripts
        self._talk = talk
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]
        self._connections: list[socket.socket] = []

    @property
    def http(self) -> str:
        """Its address for HTTP."""
        return f"http://127.0.0.1:{self.port}/street.mjpeg"

    @property
    def rtsp(self) -> str:
        """Its address for RTSP."""
        return f"rtsp://admin:s3cret@127.0.0.1:{self.port}/street"

    @contextmanager
    def running(self) -> Iterator[LoopbackCamera]:
        """Serve until the end of the block."""
        self._threads[0].start()
        try:
            yield self
        finally:
            self._over.set()
            for each in (self._listener, *self._connections):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
            for thread in self._threads:
                thread.join()

    def _listen(self) -> None:
        for number in range(1000):
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            script = self._scripts[min(number, len(self._scripts) - 1)]
            thread = threading.Thread(target=self._serve, args=(connection, script))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, script: list[bytes | Act]) -> None:
        with suppress(OSError), connection:
            wrap = self._talk(connection)
            step = 1 << 20
            for each in script:
                if each is Act.DRIP:
                    step = 1
                elif each is Act.STALL:
                    self._over.wait()
                elif each is Act.RESET:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                elif isinstance(each, bytes):
                    self._send(connection, wrap(each), step)

    def _send(self, connection: socket.socket, data: bytes, step: int) -> None:
        for at in range(0, len(data), step):
            connection.sendall(data[at : at + step])
            if self._over.wait(0.03):
                return


def mjpeg_camera(*scripts: list[bytes | Act]) -> LoopbackCamera:
    """Return a camera that sends JPEGs over HTTP."""
    return LoopbackCamera(list(scripts), _talk_http)


def rtsp_camera(*scripts: list[bytes | Act]) -> LoopbackCamera:
    """Return a camera that sends H.264 over RTSP and TCP; the parts are access units."""
    return LoopbackCamera(list(scripts), _talk_rtsp)


def silent_camera() -> LoopbackCamera:
    """Return a camera that accepts connections and never says a word."""
    return LoopbackCamera([[Act.STALL]], lambda connection: lambda part: part)


def answering_camera(*answer: bytes) -> LoopbackCamera:
    """Return a camera that gives each request this answer, part by part, and hangs up."""
    return LoopbackCamera([list(answer)], _talk_plainly)


def dripping_camera() -> LoopbackCamera:
    """Return a camera whose HTTP header never comes to its end."""
    return LoopbackCamera([[Act.DRIP, b"HTTP/1.0 200 OK\r\nX-Slow: " + bytes([65]) * 10_000]], _talk_plainly)


def access_units(pictures: Iterable[Image]) -> list[bytes]:
    """Return pictures as H.264 access units, with parameter sets before each key frame."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.framerate, encoder.gop_size = 25, 10
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    units = []
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
        frame.pts = number
        units += [bytes(packet) for packet in encoder.encode(frame)]
    return units


def _request(connection: socket.socket) -> list[str]:
    heard = b""
    while not heard.endswith(b"\r\n\r\n"):
        more = connection.recv(1)
        if not more:
            raise ConnectionResetError
        heard += more
    return heard.decode().splitlines()


def _talk_http(connection: socket.socket) -> Callable[[bytes], bytes]:
    _request(connection)
    connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n")
    head = "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n"
    return lambda part: head.format(len(part)).encode() + part + b"\r\n"


def _talk_plainly(connection: socket.socket) -> Callable[[bytes], bytes]:
    _request(connection)
    return lambda part: part


_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=street\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track\r\n"
)
_ANSWERS = {
    "OPTIONS": ("Public: OPTIONS, DESCRIBE, SETUP, PLAY", ""),
    "DESCRIBE": ("Content-Type: application/sdp", _SDP),
    "SETUP": ("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1", ""),
    "PLAY": ("Session: 1", ""),
}


def _talk_rtsp(connection: socket.socket) -> Callable[[bytes], bytes]:
    """Answer until PLAY; return what wraps an access unit in interleaved RTP packets (RFC 2326, RFC 6184)."""
    method = ""
    while method != "PLAY":
        lines = _request(connection)
        method = lines[0].split()[0]
        number = next(line for line in lines if line.startswith("CSeq"))
        header, body = _ANSWERS[method]
        connection.sendall(
            f"RTSP/1.0 200 OK\r\n{number}\r\n{header}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
    return _Packets().wrap


class _Packets:
    """Numbers RTP packets."""

    def __init__(self) -> None:
        self._number = self._time = 0

    def wrap(self, unit: bytes) -> bytes:
        self._time += 3600
        normal = unit.replace(b"\0\0\0\1", b"\0\0\1")
        payloads = [part for nal in normal.split(b"\0\0\1") if nal for part in self._parts(nal)]
        return b"".join(self._packet(part, last=part is payloads[-1]) for part in payloads)

    def _parts(self, nal: bytes, size: int = 1200) -> Iterator[bytes]:
        if len(nal) <= size:
            yield nal
            return
        head, body = nal[0], nal[1:]
        for start in range(0, len(body), size):
            flags = (0x80 if start == 0 else 0) | (0x40 if start + size >= len(body) else 0)
            yield bytes([head & 0xE0 | 28, flags | head & 0x1F]) + body[start : start + size]

    def _packet(self, payload: bytes, *, last: bool) -> bytes:
        self._number += 1
        packet = struct.pack(">BBHII", 0x80, 96 | (0x80 if last else 0), self._number, self._time, 1) + payload
        return struct.pack(">cBH", b"$", 0, len(packet)) + packet
