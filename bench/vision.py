"""CPU of the analytics beside CPU of the decoding, on one clip, interleaved in one run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2

from bench.figure import Figure, cpu_seconds
from bench.footage import made_clip
from edge_agent.vision.interval import SECOND
from edge_agent.vision.settings import Settings
from edge_agent.vision.stream import AvStream
from edge_agent.vision.watcher import Watcher

_LINE = {"name": "l1", "from": [0.0, 0.6], "to": [1.0, 0.6], "directions": ["in", "out"], "metres": 21.28}


def measure() -> Iterator[Figure]:
    """Yield milliseconds a frame for decoding and for the analytics, and their ratio."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        clip = made_clip(Path(folder) / "street.mp4")
        settings = Settings.from_dict({"url": str(clip), "lines": [_LINE]})
        frames = _decode(settings)
        decoding, both = cpu_seconds(lambda: _decode(settings), lambda: _decode_and_watch(settings))
    analytics = both - decoding
    clip_said = "simulated street, 640x360 H.264, every frame"
    yield Figure("CPU, decoding", f"{decoding / frames * 1000:.2f} ms a frame", clip_said)
    yield Figure("CPU, analytics", f"{analytics / frames * 1000:.2f} ms a frame", clip_said)
    yield Figure("CPU, analytics over decoding", f"{analytics / decoding:.2f}", "the same run, interleaved")


def _decode(settings: Settings) -> int:
    stream = AvStream(settings)
    frames = sum(shot.luma is not None for shot in stream.shots())
    stream.close()
    return frames


def _decode_and_watch(settings: Settings) -> None:
    stream, watcher = AvStream(settings), Watcher(settings.lines)
    for shot in stream.shots():
        if shot.luma is not None:
            watcher.see(shot.luma, round((shot.time or 0.0) * SECOND))
    stream.close()
