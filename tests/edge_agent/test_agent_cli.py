"""The commands of simpang-agent and their exit codes: 0 good, 1 failed, 2 to be mended by a person."""

from __future__ import annotations

import re
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from drivers.catalogue import known
from drivers.driver import CAUSES
from edge_agent.listening import outcome
from telemetry.reading import Place
from tests.support import agents
from tests.support.ptys import Plug, plugged, sds011
from tests.support.spooling import opened


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    with plugged(tmp_path / "usb-dust") as device:
        yield device


def _speaking(plug: Plug, data: bytes) -> threading.Thread:
    """Say something again and again until the port is taken away."""

    def speak() -> None:
        try:
            while True:
                plug.say(data)
                time.sleep(0.05)
        except (OSError, AssertionError):
            return

    thread = threading.Thread(target=speak, name="speaking", daemon=True)
    thread.start()
    return thread


def _listened(plug: Plug, data: bytes, *arguments: str | Path) -> Result:
    return _listened_at(plug, data, *arguments)[0]


def _listened_at(plug: Plug, data: bytes, *arguments: str | Path) -> tuple[Result, int]:
    """Return what the command said, and the speed to which it set the line."""
    speaking = _speaking(plug, data)
    said = agents.run("listen", *arguments, "--for", "0.6s")
    assert plug._slave is not None
    speed = termios.tcgetattr(plug._slave)[4]
    plug.unplug()
    speaking.join()
    return said, speed


def test_check_of_good_settings_names_them_and_opens_nothing(tmp_path: Path):
    config = agents.settings(tmp_path, broker=1, serial={"dust": tmp_path / "usb-none"})
    said = agents.run("check", "--config", config)
    assert said.exit_code == 0
    assert "good. Agent se-1 at simpang-empat, sensors: dust" in said.stdout
    assert sorted(file.name for file in tmp_path.iterdir()) == ["agent.toml"]


def test_check_of_bad_settings_lists_every_fault_and_exits_with_2(tmp_path: Path):
    config = agents.settings(tmp_path, broker=0, serial={"Dust": Path("/dev/ttyUSB0")})
    said = agents.run("check", "-c", config)
    assert said.exit_code == 2
    assert re.search(r"agent.toml: 3 errors\n  line 5: .*\n  line 14: .*\n  line 16: ", said.stderr), said.stderr
    assert said.stdout == ""


def test_a_settings_file_that_is_not_there_exits_with_2(tmp_path: Path):
    for command in ("check", "run", "listen"):
        said = agents.run(command, "-c", tmp_path / "none.toml")
        assert said.exit_code == 2
        assert "none.toml: 1 error\n  cannot be read" in said.stderr


def test_run_with_a_taken_spool_says_so_and_exits_with_1(tmp_path: Path):
    holder = opened(tmp_path / "spool")
    said = agents.run_apart("run", "-c", agents.settings(tmp_path, broker=1))
    holder.close()
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1] == (
        f"spool {tmp_path / 'spool'} is held by another running agent; stop that one or use another path"
    )


def test_run_with_a_foreign_spool_says_so_and_exits_with_1(tmp_path: Path):
    opened(tmp_path / "spool", place=Place("simpang-lima", "sl-1")).close()
    said = agents.run_apart("run", "-c", agents.settings(tmp_path, broker=1))
    assert said.returncode == 1
    assert "belongs to simpang-lima/sl-1, not to simpang-empat/se-1" in said.stderr
    assert "Traceback" not in said.stderr


def test_run_where_no_spool_can_be_says_so_and_exits_with_1(tmp_path: Path):
    config = agents.settings(tmp_path, broker=1)
    config.write_text(config.read_text().replace(f'"{tmp_path / "spool"}"', '"/proc/simpang/spool"'))
    said = agents.run_apart("run", "-c", config)
    assert said.returncode == 1
    assert "spool /proc/simpang/spool cannot be locked" in said.stderr
    assert "Traceback" not in said.stderr


def test_run_ends_by_itself_after_the_time_that_was_given(tmp_path: Path):
    said = agents.run_apart("run", "-c", agents.settings(tmp_path, broker=1), "--for", "0.2s")
    assert said.returncode == 0
    opened(tmp_path / "spool").close()


@pytest.mark.parametrize("text", ["soon", "-3s", "5 weeks", ""])
def test_a_time_that_is_none_is_refused_with_examples(tmp_path: Path, text: str):
    said = agents.run("run", "-c", agents.settings(tmp_path, broker=1), "--for", text)
    assert said.exit_code == 2
    assert "is not a duration" in said.stderr


def test_listen_prints_what_the_sensor_says_with_units(plug: Plug):
    said = _listened(plug, sds011(12.3, 20.1), "--driver", "sds011", "--port", plug.link)
    assert said.exit_code == 0
    assert re.search(r"\d\d:\d\d:\d\d  PM2\.5 12\.3 µg/m³  PM10 20\.1 µg/m³  \[warming up\]\n", said.stdout), (
        said.stdout
    )
    assert re.search(r"\d+ valid frames; rejected: ", said.stdout)


def test_listen_hands_options_to_the_driver(plug: Plug):
    frame = bytes.fromhex("ff86002a0000002030")
    said = _listened(
        plug, frame, "--driver", "winsen_ze", "--port", plug.link, "--option", "gas=no2", "--option=temperature=0"
    )
    assert said.exit_code == 0
    assert "Nitrogen dioxide 65.7 µg/m³" in said.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--driver", "winsen_ze", "--port", "/dev/a"], "gas: must be given"),
        (["--driver", "winsen_ze", "--port", "/dev/a", "--option", "gas"], "gas: '' is not one of co, no2"),
        (["--driver", "winsen_ze", "--port", "/dev/a", "--option", "gas=3"], "gas: 3.0 is not one of co, no2"),
        (["--driver", "PMS5003", "--port", "/dev/a"], "did you mean 'pmsx003'?"),
        (["--option", "gas=no2"], "--driver, --port and --option belong together"),
    ],
)
def test_listen_names_an_option_that_is_wrong(arguments: list[str], why: str):
    said = agents.run("listen", *arguments)
    assert said.exit_code == 2
    assert why in said.output


def test_listen_takes_the_only_sensor_of_a_settings_file(plug: Plug, tmp_path: Path):
    config = agents.settings(tmp_path, broker=1, serial={"dust": plug.link})
    said = _listened(plug, sds011(12.3, 20.1), "-c", config)
    assert said.exit_code == 0
    assert "PM2.5 12.3" in said.stdout
    assert not (tmp_path / "spool").exists()


def test_listen_to_garbage_counts_it_and_exits_with_1(plug: Plug):
    said = _listened(plug, b"\x55" * 30, "--driver", "sds011", "--port", plug.link)
    assert said.exit_code == 1
    assert "0 valid frames; rejected: noise" in said.stdout
    assert f"  noise: {CAUSES['noise']}\n  another speed is tried with --baud" in said.stdout


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_explained_where_it_prevails(cause: str):
    assert list(outcome(1, {cause: 2}))[1] == f"  {cause}: {CAUSES[cause]}"


def test_a_good_line_that_began_within_a_frame_is_not_blamed():
    assert list(outcome(9, {"noise": 1})) == ["9 valid frames; rejected: noise 1"]


@pytest.mark.parametrize(
    ("options", "speed", "told"),
    [((), termios.B9600, "9600 8N1"), (("--baud", "4800"), termios.B4800, "4800 8N1")],
)
def test_listen_sets_the_line_to_the_speed_of_the_driver_or_to_another(
    plug: Plug, options: tuple[str, ...], speed: int, told: str
):
    said, set_to = _listened_at(plug, sds011(12.3, 20.1), "--driver", "sds011", "--port", plug.link, *options)
    assert set_to == speed
    assert f"sds011 on {plug.link} at {told}; Ctrl-C ends" in said.stdout


def test_the_speed_on_the_command_line_goes_before_that_of_the_file(plug: Plug, tmp_path: Path):
    config = agents.settings(tmp_path, broker=1, serial={"dust": plug.link}, more="baud = 19200\n")
    _, set_to = _listened_at(plug, sds011(12.3, 20.1), "-c", config, "--baud", "115200")
    assert set_to == termios.B115200


def test_a_speed_that_no_line_has_is_refused():
    said = agents.run("listen", "--driver", "nmea", "--port", "/dev/a", "--baud", "48")
    assert said.exit_code == 2
    assert "--baud" in said.stderr


def test_listen_to_a_camera_says_how_to_look_at_one(tmp_path: Path):
    camera = '[[camera]]\nsensor = "cam-north"\nurl = "http://127.0.0.1:1/"\n'
    config = agents.settings(tmp_path, broker=1, serial={"dust": Path("/dev/a")}, more=camera)
    said = agents.run("listen", "-c", config, "--sensor", "cam-north")
    assert said.exit_code == 2
    flat = " ".join(said.stderr.replace("│", " ").split())
    for words in ("cam-north is a camera", "simpang-hub tail", "sensors: dust"):
        assert words in flat


def test_listen_to_a_missing_port_says_what_to_do_and_exits_with_1(tmp_path: Path):
    said = agents.run("listen", "--driver", "sds011", "--port", tmp_path / "usb-none", "--for", "5s")
    assert said.exit_code == 1
    assert "it does not exist; is the device plugged in?" in said.stdout
    assert "Traceback" not in said.stderr


def test_listen_to_a_sensor_that_is_not_in_the_file_names_those_that_are(tmp_path: Path):
    config = agents.settings(tmp_path, broker=1, serial={"dust": Path("/dev/a"), "dust-2": Path("/dev/b")})
    for arguments in (("--sensor", "dist"), ()):
        said = agents.run("listen", "-c", config, *arguments)
        assert said.exit_code == 2
        assert "dust, dust-2" in said.stderr


def test_listen_with_an_unknown_driver_names_the_known_ones():
    said = agents.run("listen", "--driver", "sds012", "--port", "/dev/a")
    assert said.exit_code == 2
    assert ", ".join(known()) in said.stderr


def test_the_version_is_told():
    said = agents.run("--version")
    assert said.exit_code == 0
    assert re.fullmatch(r"simpang \d+\.\d+\.\d+\n", said.stdout)


def test_check_says_good_and_notes_what_will_not_work(tmp_path: Path):
    config = agents.settings(tmp_path, broker=8883)
    said = agents.run("check", "-c", config)
    assert said.exit_code == 0
    note, good = said.stdout.splitlines()
    assert note == f"{config}: note: [broker] port 8883 is for TLS, which ca_file switches on"
    assert good.startswith(f"{config}: good.")
