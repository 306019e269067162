"""Resident memory of the agent, without and with one camera."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.figure import Figure
from bench.footage import made_clip

_SETTLE_SECONDS = 8.0
_MEGABYTE = 1024 * 1024
_SETTINGS = """site = "bench"
agent = "bench"
[broker]
host = "127.0.0.1"
port = 9
[clock]
trust = "rtc"
[spool]
path = "{folder}/spool.db"
"""
_CAMERA = """[[camera]]
sensor = "cam"
url = "{clip}"
loop = true
[[camera.line]]
name = "l1"
from = [0.0, 0.6]
to = [1.0, 0.6]
"""


def measure() -> Iterator[Figure]:
    """Yield RSS and USS of the agent's processes after they have settled."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield _run(folder, _SETTINGS, "agent without a camera")
        clip = made_clip(folder / "street.mp4")
        yield _run(folder, _SETTINGS + _CAMERA.format(clip=clip), "agent with one camera, 640x360 at 10 fps")


def _run(folder: Path, settings: str, what: str) -> Figure:
    file = folder / "agent.toml"
    file.write_text(settings.format(folder=folder), encoding="utf-8")
    command = [sys.executable, "-m", "edge_agent.cli", "run", "--config", str(file)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        time.sleep(_SETTLE_SECONDS)
        root = psutil.Process(running.pid)
        parts = [process.memory_full_info() for process in (root, *root.children())]
        running.terminate()
    rss = " + ".join(f"{part.rss / _MEGABYTE:.0f}" for part in parts)
    return Figure(f"RSS, {what}", f"{rss} MB", f"unshared {sum(part.uss for part in parts) / _MEGABYTE:.0f} MB")
