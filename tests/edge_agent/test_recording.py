"""What is recorded replays alike, and a recording in tests/captures is a test by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.cli import app
from edge_agent.recording.player import Difference, played
from edge_agent.recording.tape import read
from tests.support.captures import OWN, sound
from tests.support.devices import device

RECORDINGS = sorted(OWN.glob("*.recording"))


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.name)
def test_a_recording_says_today_what_it_said_then(file: Path) -> None:
    head, events = read(file)
    driver = head.made()
    assert [each for each in played(driver, events) if isinstance(each, Difference)] == []
    assert driver.accepted > 0


def test_there_are_recordings() -> None:
    assert RECORDINGS


def recorded(folder: Path, driver: str, *more: str) -> tuple[int, str, Path]:
    file = folder / "x.recording"
    frames = [capture.data for capture in sound(driver)]
    with device(folder / "port", [b"\x00noise", *frames], every=0.05):
        arguments = ["record", str(file), "--driver", driver, "--port", str(folder / "port"), "--for", "1s", *more]
        done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output, file


def test_a_sensor_is_recorded_and_replayed(tmp_path: Path) -> None:
    code, said, file = recorded(tmp_path, "sds011")
    assert code == 0, said
    assert "valid frames; rejected: noise" in said
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0] | {"began": ""} == {
        "format": "simpang-recording/1", "driver": "sds011", "options": {}, "line": "9600 8N1", "began": "",
    }  # fmt: skip
    assert {key for line in lines[1:] for key in line} == {"t", "rx", "tx", "said"}
    assert [line["t"] for line in lines[1:]] == sorted(line["t"] for line in lines[1:])
    assert sound("sds011")[0].data in b"".join(bytes.fromhex(line["rx"]) for line in lines[1:] if "rx" in line)
    done = CliRunner().invoke(app, ["replay", str(file)])
    assert done.exit_code == 0
    assert done.output.count(" s  PM2.5 ") == sum("said" in line for line in lines)


def test_a_driver_that_says_otherwise_is_found_out(tmp_path: Path) -> None:
    _, _, file = recorded(tmp_path, "sds011")
    lines = file.read_text().splitlines()
    number = next(n for n, line in enumerate(lines, start=1) if '"pm2_5"' in line)
    said = json.loads(lines[number - 1])
    said["said"]["values"]["pm2_5"] += 1
    file.write_text("\n".join([*lines[: number - 1], json.dumps(said), *lines[number:]]))
    done = CliRunner().invoke(app, ["replay", "--quiet", str(file)])
    assert done.exit_code == 1
    assert f"line {number}: said air pm2_5=" in done.output
    file.write_text("\n".join([*lines[: number - 1], *lines[number:]]))
    assert "which the recording does not" in CliRunner().invoke(app, ["replay", "-q", str(file)]).output
    file.write_text("\n".join([lines[0], *(line for line in lines if '"rx"' not in line)][1:]))
    assert "and now nothing" in CliRunner().invoke(app, ["replay", "-q", str(file)]).output


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    recorded(tmp_path, "sds011")
    before = (tmp_path / "x.recording").read_bytes()
    (tmp_path / "port").unlink()
    code, said, file = recorded(tmp_path, "sds011")
    assert (code, "cannot be written: File exists" in said) == (1, True)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("nonsense", "line 1: is no JSON"),
        ("[]", "line 1: is no object"),
        ('{"format": "other"}', "line 1: a recording begins with"),
        ('{"format": "simpang-recording/1", "driver": "x"}', "line 1: no driver 'x'"),
        ('{"format": "simpang-recording/1", "driver": "winsen_ze"}', "line 1: gas: must be given"),
        ('{"format": "simpang-recording/1", "driver": "sds011"}\n{"t": 1}', "line 2: needs t and rx, tx or said"),
        ('{"format": "simpang-recording/1", "driver": "sds011"}\n{"t": 1, "rx": "zz"}', "line 2: needs"),
        ('{"format": "simpang-recording/1", "driver": "sds011"}\n{"t": 1, "said": {"family": "x"}}', "line 2: needs"),
        ("\x00\xff", "line 1: is no JSON"),
    ],
)
def test_a_file_that_is_no_recording_is_told_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "bad.recording"
    file.write_text(text)
    done = CliRunner().invoke(app, ["replay", str(file)])
    assert done.exit_code == 2
    assert f"{file}: {why}" in done.output


def test_a_port_that_cannot_be_opened_leaves_no_file(tmp_path: Path) -> None:
    file = tmp_path / "x.recording"
    done = CliRunner().invoke(app, ["record", str(file), "--driver", "sds011", "--port", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert "it does not exist; is the device plugged in?" in done.output
    assert not file.exists()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["replay", str(tmp_path / "none")])
    assert done.exit_code == 2
    assert "cannot be read" in done.output
