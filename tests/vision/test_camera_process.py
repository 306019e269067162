"""The process of a camera, end to end: settings on a pipe, JSON lines on another."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_agent.vision.analytics import Said
from edge_agent.vision.mailbox import Event, Mailbox, Picture, State
from edge_agent.vision.process import Process
from edge_agent.vision.scene import Losses
from edge_agent.vision.settings import Settings
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement
from tests.support.video import Act, Street, Trip, giant_jpeg, jpeg, mjpeg_camera, silent_camera, write

ROOT = Path(__file__).parents[2]
LINE = {"name": "l1", "from": [0, 0.5], "to": [1, 0.5], "directions": ["down", "up"], "metres": 16.0}
TRIPS = [Trip(50, -40, 60), Trip(120, 280, -60), Trip(190, -100, 60), Trip(260, 340, -60), Trip(50, -220, 60)]
"""Five trips in ten seconds: three down, two up."""

Line = dict[str, Any]


@contextmanager
def running(**said: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Start a camera's process and give it its settings."""
    command = [sys.executable, "-m", "edge_agent.vision.process"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            tell(process, json.dumps({"lines": [LINE]} | said).encode())
            yield process
        finally:
            process.kill()


def tell(process: subprocess.Popen[bytes], line: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(line + b"\n")
    process.stdin.flush()


def next_said(process: subprocess.Popen[bytes]) -> Line:
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    assert isinstance(said, dict)
    return said


def until(process: subprocess.Popen[bytes], **wanted: Any) -> Line:
    """Pass over lines until one says all this."""
    while True:
        said = next_said(process)
        if wanted.items() <= said.items():
            return said


def finished(process: subprocess.Popen[bytes]) -> tuple[list[Line], str]:
    """Close its input; return what else it says, and its log, if it ends well."""
    out, log = process.communicate(timeout=30)
    assert process.returncode == 0, log.decode()
    return [json.loads(line) for line in out.splitlines()], log.decode()


def flows(said: list[Line], family: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for each in said:
        if each.get("family") == family:
            counts[each["labels"]["direction"]] += each["values"]["count"]
    return counts


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("clips") / "street.mp4", Street(TRIPS).pictures(10, 10), 10)


def test_a_whole_file_adds_up(clip: Path) -> None:
    with running(url=str(clip), realtime=False) as process:
        assert process.stdout is not None
        said = [json.loads(line) for line in process.stdout]
        assert process.wait(10) == 0
    assert flows(said, "crossing") == {"down": 3, "up": 2}
    assert flows(said, "traffic") == {"down": 3, "up": 2}
    states = [each["state"] for each in said if each["kind"] == "state"]
    assert states == ["opening", "live", "ended"]
    for each in said:
        if each["kind"] == "measurement":
            assert 0 < each["at"] <= time.monotonic_ns()
            again = Measurement(Family(each["family"]), each["values"], each["labels"], Quality(each["quality"]))
            assert again.quality == each["quality"]


def test_the_end_of_its_input_flushes_what_was_counted(clip: Path) -> None:
    with running(url=str(clip), loop=True) as process:
        first = until(process, family="crossing")
        assert (first["labels"]["line"], first["values"]["count"]) == ("l1", 1)
        rest, _ = finished(process)
    totals = [each for each in rest if each.get("family") == "traffic"]
    assert sum(each["values"]["count"] for each in totals) >= 1
    assert {each["quality"] for each in totals} == {Quality.PARTIAL}


def test_a_polite_kill_flushes_as_well(clip: Path) -> None:
    with running(url=str(clip), loop=True) as process:
        until(process, family="crossing")
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        rest = [json.loads(line) for line in process.stdout]
        assert process.wait(10) == 0
    assert sum(flows(rest, "traffic").values()) >= 1


@pytest.mark.parametrize(
    ("line", "word"),
    [(b"", "not JSON"), (b"[]", "not a JSON object"), (b'{"url": "rtsp://u:s3cret@h/", "fps": -1}', "fps")],
)
def test_bad_settings_end_it_with_a_word(line: bytes, word: str) -> None:
    command = [sys.executable, "-m", "edge_agent.vision.process"]
    done = subprocess.run(command, cwd=ROOT, input=line + b"\n", capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert word in done.stderr.decode()
    assert b"s3cret" not in done.stderr


def test_it_beats_while_there_is_no_stream(tmp_path: Path) -> None:
    with running(url=str(tmp_path / "none.mp4")) as process:
        assert until(process, kind="state", state="lost")["why"]
        beats = [until(process, kind="beat") for _ in range(3)]
        rest, _ = finished(process)
    assert {beat["frames"] for beat in beats} == {0}
    assert beats[0]["frame_age"] < beats[2]["frame_age"]
    assert not any(each.get("family") == "traffic" for each in rest)


def test_it_never_tells_a_password() -> None:
    said = {"sensor": "cam-north", "open_timeout": 0.3}
    with silent_camera().running() as camera, running(url=camera.rtsp, **said) as process:
        lost = until(process, kind="state", state="lost")
        rest, log = finished(process)
    assert "s3cret" not in json.dumps([lost, rest]) + log
    assert f"camera cam-north: lost: cannot be opened: no answer in time: rtsp://127.0.0.1:{camera.port}/…" in log


def test_bombs_are_refused_within_little_memory() -> None:
    good = jpeg(Street([]).picture(0))
    bomb = jpeg(np.full((8192, 8192), 90, np.uint8))
    script: list[bytes | Act] = [good] * 20 + [bomb, good, giant_jpeg(16000, 16000), good] * 10
    with mjpeg_camera([*script, Act.STALL]).running() as camera, running(url=camera.http, fps=0) as process:
        while until(process, kind="beat")["frames"] < 36:
            pass
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        finished(process)
    assert peak < 120_000


class Script(Mailbox):
    """A mailbox that gives what a script says, then closes."""

    def __init__(self, *items: Event | Picture | None) -> None:
        super().__init__()
        self._items = list(items)

    def take(self, timeout: float) -> Event | Picture | None:
        item = self._items.pop(0) if self._items else None
        if not self._items:
            self.close()
        return item


def lines(mailbox: Mailbox) -> list[str]:
    """Run a process in this one; return the kinds of what it says."""
    out = io.BytesIO()
    Process(Settings("/street.mp4"), mailbox, out).run()
    return [json.loads(line)["kind"] for line in out.getvalue().splitlines()]


class Talkative:
    """Analytics that have something to say all the time."""

    def silence(self, now: int, losses: Losses) -> list[Said]:
        labels = {"line": "l1", "direction": "in", "class": "car"}
        return [Said(Measurement(Family.TRAFFIC, {"count": 0, "observed": 1.0}, labels), now)]

    def finish(self, now: int) -> list[Said]:
        return []


def test_a_decoder_that_hangs_silences_the_beat_and_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parent counts any word as a sign of life."""
    monkeypatch.setattr("edge_agent.vision.process.Analytics", lambda *_: Talkative())
    alive, hanging = Script(None, None), Script(None, None)
    alive.promise(100)
    hanging.promise(-1)
    assert {"beat", "measurement"} <= set(lines(alive))
    assert lines(hanging) == []


def test_the_last_picture_of_a_file_is_not_missed() -> None:
    street = Street([])
    pictures = [Picture(street.picture(n), time.monotonic_ns()) for n in range(2)]
    mailbox = Script(pictures[0], Event(State.ENDED, ""), pictures[1], None)
    mailbox.promise(100)
    out = io.BytesIO()
    process = Process(Settings("/street.mp4"), mailbox, out)
    process.run()
    assert process.frames == 2
