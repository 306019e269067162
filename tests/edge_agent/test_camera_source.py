"""A camera's process, played by a small program that may behave as badly as it likes."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import psutil
import pytest

from edge_agent.config import Camera as Settings
from edge_agent.errors import SourceLost
from edge_agent.sources import camera as camera_module
from edge_agent.sources.camera import Camera
from edge_agent.supervisor import Supervisor
from edge_agent.taken import Taken
from edge_agent.vision.settings import Settings as ChildSettings
from service import backoff
from service.progress import Progress
from tests.support.waiting import until

_ROOT = Path(__file__).parents[2]
_PATIENCE = 20.0


@pytest.fixture(autouse=True)
def _played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))
    monkeypatch.setattr(camera_module, "_PROGRAM", "tests.support.fake_camera")


def _camera(behaviour: str, **more: Any) -> Camera:
    return Camera(Settings.model_validate({"sensor": "cam-north", "url": f"/{behaviour}", **more}), Progress())


async def _until_lost(camera: Camera) -> list[Taken]:
    """Return what a camera says before it is lost for a reason, which is raised."""
    async with asyncio.timeout(_PATIENCE), camera, aclosing(camera.readings()) as readings:
        return [taken async for taken in readings]


@asynccontextmanager
async def _reading(camera: Camera) -> AsyncIterator[AsyncIterator[Taken]]:
    async with asyncio.timeout(_PATIENCE), camera, aclosing(camera.readings()) as readings:
        yield readings


def _pid(camera: Camera) -> int:
    assert camera._process is not None
    return camera._process.pid


async def test_what_the_process_measures_is_a_reading_of_the_camera():
    camera = _camera("speaks")
    before = time.monotonic_ns()
    async with _reading(camera) as readings:
        first, second = await anext(readings), await anext(readings)
        assert first.sensor == second.sensor == "cam-north"
        assert dict(first.measurement.values) == {"count": 1}
        assert dict(first.measurement.labels) == {"line": "l1", "direction": "in", "class": "car"}
        assert before < first.at < second.at < time.monotonic_ns()


async def test_beats_and_states_tell_how_the_camera_is():
    camera = _camera("speaks")
    async with _reading(camera) as readings:
        await anext(readings)
        assert camera.vitals.frames == 42
        assert camera.vitals.state == "streaming"
        age = camera.vitals.frame_age()
        assert age is not None
        assert age >= 1.5


async def test_a_process_that_is_asked_to_end_says_its_last_and_is_no_loss():
    camera = _camera("speaks")
    async with _reading(camera) as readings:
        await anext(readings)
        await anext(readings)
        camera.end()
        last = [taken async for taken in readings]
    assert len(last) == 1


async def test_a_file_that_ends_is_no_loss():
    assert len(await _until_lost(_camera("ends"))) == 1


async def test_the_process_is_told_its_settings_under_the_names_of_the_file():
    line = {"name": "l1", "from": [0.0, 0.5], "to": [1.0, 0.5], "directions": ["north", "south"], "metres": 12.5}
    mask = [[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]]
    camera = _camera("echoes", line=[line], mask=[mask], fps=5, loop=True)
    async with _reading(camera) as readings:
        listening = asyncio.create_task(anext(readings, None), name="listening")
        await until(lambda: camera.vitals.why)
        camera.end()
        assert await listening is None
        said = json.loads(camera.vitals.why)
    assert said["lines"] == [line]
    assert (said["url"], said["mask"], said["fps"], said["loop"]) == ("/echoes", [mask], 5, True)
    assert set(said) == {f.name for f in fields(ChildSettings)}
    assert said["sensor"] == "cam-north"


async def test_the_process_s_environment_tells_opencv_how_long_a_device_may_be_silent():
    """OpenCV has no other way to be told."""
    camera = _camera("environs", read_timeout=2.5)
    async with _reading(camera) as readings:
        listening = asyncio.create_task(anext(readings, None), name="listening")
        await until(lambda: camera.vitals.why)
        camera.end()
        assert await listening is None
        said = json.loads(camera.vitals.why)
    assert said["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] == "3"
    assert said["PATH"] == os.environ["PATH"]


async def test_settings_are_on_no_command_line():
    """An address may hold a password."""
    camera = _camera("hangs secret")
    async with _reading(camera) as readings:
        await anext(readings)
        assert "secret" not in " ".join(psutil.Process(_pid(camera)).cmdline())


async def test_a_process_that_hangs_is_lost_and_gone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(camera_module, "_SILENCE", 1.5)
    with pytest.raises(SourceLost, match="said nothing for 2 s and is restarted"):
        await _until_lost(_camera("hangs"))


async def test_a_process_that_is_deaf_to_requests_is_killed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(camera_module, "_FAREWELL", 0.1)
    camera = _camera("deaf")
    async with _reading(camera) as readings:
        await anext(readings)
        pid = _pid(camera)
    assert not psutil.pid_exists(pid)


async def test_a_process_that_closed_its_line_but_lives_is_lost_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(camera_module, "_SILENCE", 1.0)
    with pytest.raises(SourceLost, match="camera's process"):
        await _until_lost(_camera("mute"))


async def test_a_process_that_dies_is_lost_with_its_code():
    with pytest.raises(SourceLost, match="ended with code 3"):
        await _until_lost(_camera("dies"))


async def test_a_process_that_crashes_is_lost_with_its_signal():
    with pytest.raises(SourceLost, match="ended with code -11"):
        await _until_lost(_camera("killed"))


async def test_a_line_without_end_is_lost_and_not_kept():
    with pytest.raises(SourceLost, match="a line of over 65536 bytes"):
        await _until_lost(_camera("rambles"))


@pytest.mark.parametrize(
    "nonsense",
    [
        "Traceback (most recent call last):",
        "[]",
        "null",
        "{}",
        '{"kind": "measurement"}',
        '{"kind": "measurement", "at": 1, "family": "gossip", "values": {"count": 1}, "labels": {}, "quality": 0}',
        '{"kind": "measurement", "at": 1, "family": "traffic", "values": {"count": 0.5}, "labels": {}, "quality": 0}',
        '{"kind": "measurement", "at": 1, "family": "traffic", "values": {"count": NaN}, "labels": {}, "quality": 0}',
        '{"kind": "measurement", "at": "x", "family": "traffic", "values": {"count": 1}, "labels": {}, "quality": 0}',
        '{"kind": "measurement", "at": 1, "family": "traffic", "values": {"count": 1}, "labels": {"a": 1}}',
        '{"kind": "beat", "frames": "many"}',
        '{"kind": "state"}',
    ],
)
async def test_nonsense_is_lost_and_is_no_reading(nonsense: str):
    with pytest.raises(SourceLost, match="talks nonsense"):
        await _until_lost(_camera(f"says {nonsense}"))


async def test_a_time_that_cannot_be_is_nonsense():
    """It would otherwise stop the committer, and with it every other source."""
    with pytest.raises(SourceLost, match="talks nonsense"):
        await _until_lost(_camera("early"))


async def test_a_kind_that_is_not_known_yet_is_passed_over(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(camera_module, "_SILENCE", 1.0)
    with pytest.raises(SourceLost, match="said nothing"):
        await _until_lost(_camera('says {"kind": "later"}'))


async def test_a_cancelled_camera_takes_its_process_along():
    camera = _camera("hangs")
    reading = asyncio.create_task(_until_lost(camera), name="camera")
    await until(lambda: camera._process is not None)
    pid = _pid(camera)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert not psutil.pid_exists(pid)


async def test_a_camera_may_be_left_before_it_was_entered_and_ended_before_it_began():
    camera = _camera("speaks")
    camera.end()
    await camera.__aexit__()
    with pytest.raises(SourceLost, match="not running"):
        await anext(camera.readings())


async def test_the_supervisor_starts_a_dead_process_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backoff, "SHORTEST", 0.0)
    monkeypatch.setattr("edge_agent.supervisor._LONGEST_WAIT", 0.0)
    camera = _camera("dies")
    heard: asyncio.Queue[Taken] = asyncio.Queue(10)
    running = asyncio.create_task(Supervisor(camera, heard.put, Progress()).run(), name="supervisor")
    async with asyncio.timeout(_PATIENCE):
        for _ in range(3):
            await heard.get()
    assert camera.vitals.restarts >= 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_crash_after_the_camera_was_live_is_warned_of_again_and_the_wait_is_short(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    waits: list[float] = []

    async def note(progress: Progress, sensor: str, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(Progress, "sleep", note)
    camera = _camera("crashes")
    running = asyncio.create_task(Supervisor(camera, asyncio.Queue[Taken]().put, Progress()).run(), name="supervisor")
    with caplog.at_level(logging.INFO):
        await until(lambda: len(waits) >= 4)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert max(waits) <= 2.0
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert sum("ended with code -11" in text for text in warned) >= 4


async def test_a_camera_that_never_was_live_is_warned_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    waits: list[float] = []

    async def note(progress: Progress, sensor: str, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(Progress, "sleep", note)
    running = asyncio.create_task(
        Supervisor(_camera("dies"), asyncio.Queue[Taken]().put, Progress()).run(), name="supervisor"
    )
    with caplog.at_level(logging.INFO):
        await until(lambda: len(waits) >= 4)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
