"""CPU of the analytics beside CPU of the decoding, interleaved in one run: a simulated street and real roads."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2

from bench.figure import Figure, cpu_seconds
from bench.footage import CLIPS, made_clip
from edge_agent.vision.interval import SECOND
from edge_agent.vision.settings import Settings
from edge_agent.vision.stream import AvStream
from edge_agent.vision.watcher import Watcher

_LINE = {"name": "l1", "from": [0.0, 0.6], "to": [1.0, 0.6], "directions": ["in", "out"], "metres": 21.28}
_REAL = (("intel_car_detection", "768x432"), ("tfl_a13_day_dense", "352x288"))


def measure() -> Iterator[Figure]:
    """Yield milliseconds a frame for decoding and for the analytics, and their ratio, clip by clip."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        yield from _figures("simulated street, 640x360 H.264", made_clip(Path(folder) / "street.mp4"))
    for name, size in _REAL:
        clip = CLIPS / f"{name}.mp4"
        if clip.is_file():
            yield from _figures(f"{name}, {size} H.264", clip)


def _figures(what: str, clip: Path) -> Iterator[Figure]:
    settings = Settings.from_dict({"url": str(clip), "lines": [_LINE]})
    frames = _decode(settings)
    decoding, both = cpu_seconds(lambda: _decode(settings), lambda: _decode_and_watch(settings))
    analytics = both - decoding
    yield Figure(f"CPU, decoding, {what}", f"{decoding / frames * 1000:.2f} ms a frame", "every frame")
    yield Figure(f"CPU, analytics, {what}", f"{analytics / frames * 1000:.2f} ms a frame", "every frame")
    yield Figure(f"CPU, analytics over decoding, {what}", f"{analytics / decoding:.2f}", "the same run, interleaved")


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
