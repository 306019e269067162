"""The city as the process that a demo runs."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import pytest
import serial

ROOT = Path(__file__).parents[2]
LAUNCHER = """
import subprocess, sys
city = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
city.stdout.readline()
print(city.pid, flush=True)
"""


def command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "simulation.city", "--folder", str(folder), "--seed", "5"]


@contextmanager
def city(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a city, wait until it is ready, and leave nothing of it behind."""
    with subprocess.Popen(command(folder), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().decode().strip() == str(folder / "city.json")
            yield process
        finally:
            process.kill()


def document(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("city")
    with city(folder):
        yield folder


@pytest.mark.parametrize("container_format", [None, "mpjpeg"])
def test_pyav_opens_the_camera_and_gets_frames(running: Path, container_format: str | None) -> None:
    address = document(running / "city.json")["camera"]
    with av.open(address, format=container_format, timeout=20) as stream:
        frames = [frame for _, frame in zip(range(3), stream.decode(video=0), strict=False)]
        pictures = {bytes(frame.planes[0]) for frame in frames}
    assert [(frame.width, frame.height) for frame in frames] == [(640, 360)] * 3
    assert len(pictures) == 3


def test_the_description_names_ports_that_speak_and_the_line(running: Path) -> None:
    said = document(running / "city.json")
    with serial.Serial(said["ports"]["gnss"], 9600, timeout=20) as opened:
        opened.readline()
        assert opened.readline().startswith((b"$GPRMC", b"$GPGGA"))
    with serial.Serial(said["ports"]["co2"], 9600, timeout=20) as opened:
        opened.write(bytes.fromhex("ff0186000000000079"))
        assert opened.read(9)[:2] == b"\xff\x86"
    assert said["protocols"] == {"dust": "sds011", "co2": "mhz19b", "gnss": "nmea"}
    line = said["line"]
    assert line["from"][1] == line["to"][1] == 0.6
    assert line["directions"] == ["in", "out"]
    assert 15 < line["metres"] < 30


def test_the_truth_counts_every_event(running: Path) -> None:
    truth = document(running / "truth.json")
    assert set(truth["counts"]) == {"motorcycle", "car", "lorry", "pedestrian"}
    assert sum(sum(ways.values()) for ways in truth["counts"].values()) == len(truth["events"])
    times = [truth["start"], *(time for time, _, _ in truth["events"]), truth["now"]]
    assert times == sorted(times)


def gone(folder: Path) -> bool:
    return list((folder / "ports").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with city(tmp_path) as process:
        assert not gone(tmp_path)
        process.send_signal(number)
        assert process.wait(20) == 0
    assert gone(tmp_path)


def test_it_ends_when_its_standard_input_closes(tmp_path: Path) -> None:
    with city(tmp_path) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0
    assert gone(tmp_path)


def test_it_ends_when_its_parent_dies(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, *command(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        watch = os.pidfd_open(int(parent.stdout.readline()))
    try:
        ready, _, _ = select.select([watch], [], [], 20)
        assert ready, "the city outlived its parent"
    finally:
        os.close(watch)
    assert gone(tmp_path)


def test_a_taken_port_is_told_in_one_line(tmp_path: Path, running: Path) -> None:
    taken = document(running / "city.json")["camera"].split(":")[2].split("/")[0]
    arguments = [*command(tmp_path), "--port", taken]
    done = subprocess.run(arguments, check=False, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert done.stderr.startswith(b"simulation.city: ")
    assert gone(tmp_path)
