"""The day clips of real roads with counted truth: as settings of a camera, and served over the network."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import av
import pytest
from av.bitstream import BitStreamFilterContext

from tests.support.servers import found, free_port
from tests.support.video import Act, LoopbackCamera, _talk_rtsp

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips"
DAY = ("tfl_a13_day_light", "tfl_a13_day_sun", "tfl_a13_day_dense", "intel_car_detection", "otvision_cars_cyclist")
RATE = 25
"""Pictures a second of the clips from the A13."""
OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left"}

Flow = tuple[str, str]
"""Line and direction."""


def truth(name: str) -> dict[str, Any]:
    """Return a clip's truth file; skips where the footage is absent."""
    file = CLIPS / f"{name}.gt.json"
    if not file.is_file():
        pytest.skip(f"the road clips are not here: {CLIPS}")
    return dict(json.loads(file.read_text()))


def seen(name: str) -> tuple[Counter[Flow], Counter[Flow]]:
    """Return what truly crossed, and what may be counted or not."""
    events = [(line["id"].lower(), event) for line in truth(name)["lines"] for event in line["events"]]
    certain = Counter((line, event["direction"]) for line, event in events if not event.get("optional"))
    optional = Counter((line, event["direction"]) for line, event in events if event.get("optional"))
    return certain, optional


def movements(name: str) -> set[tuple[str, str, str]]:
    """Return every line, direction and class that a clip's camera can count; lines of unknown length know no class."""
    return {(line["name"], way, "unknown") for line in lines(name) for way in line["directions"]}


def lines(name: str) -> list[dict[str, Any]]:
    """Return the truth file's lines as a camera's."""
    return [
        {"name": line["id"].lower(), "from": line["line"][0], "to": line["line"][1], "directions": _directions(line)}
        for line in truth(name)["lines"]
    ]


def table(sensor: str, name: str, url: str, more: str = "") -> str:
    """Return a clip that is played at an address as a [[camera]] table."""
    return f'[[camera]]\nsensor = "{sensor}"\nurl = "{url}"\n{more}' + "".join(
        f'[[camera.line]]\nname = "{line["name"]}"\nfrom = {line["from"]}\nto = {line["to"]}\n'
        f"directions = {json.dumps(line['directions'])}\n"
        for line in lines(name)
    )


def _directions(line: Mapping[str, Any]) -> list[str]:
    """Return the names of moving to the right-hand side and to the left of a line."""
    named = {event["sign"]: event["direction"] for event in line["events"]}
    right = named.get("-to+") or OPPOSITE[named["+to-"]]
    return [right, OPPOSITE[right]]


@contextlib.contextmanager
def as_mjpeg(name: str) -> Iterator[str]:
    """Serve a clip once, in real time, by FFmpeg as MJPEG over HTTP; yield its address."""
    url = f"http://127.0.0.1:{free_port()}/street.mjpeg"
    source = ["-re", "-i", str(CLIPS / f"{name}.mp4"), "-an", "-c:v", "mjpeg", "-q:v", "3"]
    command = [found("ffmpeg"), "-v", "error", *source, "-f", "mpjpeg", "-listen", "1", url]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield url
        finally:
            server.kill()


@contextlib.contextmanager
def as_rtsp(name: str) -> Iterator[str]:
    """Serve a clip once, in real time, as H.264 over RTSP and TCP; who comes again finds a camera that is silent."""

    def talk(connection: socket.socket) -> Callable[[bytes], bytes]:
        return _paced(_talk_rtsp(connection), RATE)

    with LoopbackCamera([[*_access_units(name)], [Act.STALL]], talk).running() as camera:
        yield camera.rtsp


def _access_units(name: str) -> list[bytes]:
    """Return a clip's own packets as they stand in a stream, a key frame every ten seconds as they were coded."""
    with av.open(str(CLIPS / f"{name}.mp4")) as container:
        video = container.streams.video[0]
        plain = BitStreamFilterContext("h264_mp4toannexb", video)
        packets = [out for packet in container.demux(video) for out in plain.filter(packet if packet.size else None)]
        return [bytes(packet) for packet in packets]


def _paced(wrap: Callable[[bytes], bytes], rate: int) -> Callable[[bytes], bytes]:
    """Hold each picture back until its time has come."""
    begun, sent = time.monotonic(), 0

    def at_its_time(unit: bytes) -> bytes:
        nonlocal sent
        time.sleep(max(0.0, begun + sent / rate - time.monotonic()))
        sent += 1
        return wrap(unit)

    return at_its_time
