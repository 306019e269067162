"""The units, the account and the udev rules, checked with systemd's own tools; no systemd runs here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import found

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNITS = ("simpang-agent.service", "simpang-hub.service")
WORST_EXPOSURE = 2.0
PROGRAM = re.compile(r"^ExecStart=(/opt/simpang/\.venv/bin/simpang-(?:agent|hub)) (.*)$", re.MULTILINE)


def said(name: str) -> list[tuple[str, str]]:
    """Return a unit's settings in order."""
    lines = (SYSTEMD / name).read_text().splitlines()
    return [(key, value) for key, _, value in (line.partition("=") for line in lines if "=" in line and line[0] != "#")]


@pytest.fixture
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the unit whose program exists on this machine."""
    text = (SYSTEMD / request.param).read_text()
    assert PROGRAM.search(text)
    copy = tmp_path / str(request.param)
    copy.write_text(PROGRAM.sub(rf"ExecStart={shutil.which('true')} \2", text))
    return copy


@pytest.mark.parametrize("unit", UNITS, indirect=True)
def test_systemd_understands_every_line(unit: Path) -> None:
    checked = subprocess.run([found("systemd-analyze"), "verify", unit], capture_output=True, text=True, check=False)
    about_it = [line for line in checked.stderr.splitlines() if unit.name in line]
    assert (checked.returncode, about_it) == (0, [])


def test_a_wrong_line_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.service"
    wrong.write_text("[Service]\nExecStart=/bin/true\nRestart=allways\n")
    checked = subprocess.run([found("systemd-analyze"), "verify", wrong], capture_output=True, text=True, check=False)
    assert "allways" in checked.stderr


@pytest.mark.parametrize("unit", UNITS, indirect=True)
def test_the_exposure_is_small(unit: Path) -> None:
    command = [found("systemd-analyze"), "security", "--offline=true", "--no-pager", unit]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    figure = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert figure is not None, told
    assert float(figure[1]) <= WORST_EXPOSURE, told


@pytest.mark.parametrize("name", UNITS)
def test_a_service_is_watched_and_always_comes_back(name: str) -> None:
    settings = dict(said(name))
    wanted = {
        "Type": "notify",
        "NotifyAccess": "main",
        "WatchdogSec": "60",
        "Restart": "always",
        "StartLimitIntervalSec": "0",
        "User": "simpang",
    }
    assert {key: settings[key] for key in wanted} == wanted
    assert int(settings["RestartSec"]) > 0


@pytest.mark.parametrize("name", UNITS)
def test_the_command_line_is_one_that_the_program_knows(name: str) -> None:
    match = PROGRAM.search((SYSTEMD / name).read_text())
    assert match is not None
    module = {"simpang-agent": "edge_agent.cli", "simpang-hub": "hub.cli"}[Path(match[1]).name]
    asked = [sys.executable, "-m", module, *match[2].split()]
    config = asked.index("--config") + 1
    asked[config] = "/nonexistent/settings.toml"
    ended = subprocess.run(asked, capture_output=True, text=True, check=False, cwd=SYSTEMD.parent)
    assert ended.returncode == 2
    assert "/nonexistent/settings.toml: 1 error" in ended.stderr
    assert match[2].split()[0] == "run"


def test_the_agent_reaches_its_devices_and_the_hub_none() -> None:
    allowed = {value for key, value in said(UNITS[0]) if key == "DeviceAllow"}
    assert allowed == {f"char-{kind} rw" for kind in ("ttyUSB", "ttyACM", "ttyAMA", "ttyS", "video4linux")}
    assert dict(said(UNITS[0]))["SupplementaryGroups"] == "dialout video"
    assert dict(said(UNITS[1]))["PrivateDevices"] == "yes"


def test_the_folders_are_those_of_the_example_settings() -> None:
    state = {dict(said(name))["StateDirectory"] for name in UNITS}
    assert state == {"simpang"}
    for example in ("junction.toml", "school.toml", "hub.toml"):
        paths = re.findall(r'^path = "(.+)"', (SYSTEMD.parent / "configs" / example).read_text(), re.MULTILINE)
        assert paths
        assert all(path.startswith("/var/lib/simpang/") for path in paths)


def test_the_account_can_be_made(tmp_path: Path) -> None:
    command = [found("systemd-sysusers"), f"--root={tmp_path}", "--dry-run", SYSTEMD / "simpang.sysusers"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert "Creating user 'simpang'" in told


def test_udev_rules_are_well_formed_and_every_jump_lands() -> None:
    text = (SYSTEMD / "70-simpang.rules").read_text()
    rules = [line for line in text.splitlines() if line and not line.startswith("#")]
    token = r'[A-Z_]+(?:\{\w+\})?(?:==|!=|=|\+=)"[^"]*"'
    assert [rule for rule in rules if re.fullmatch(rf"{token}(?:, {token})*", rule) is None] == []
    assert set(re.findall(r'GOTO="(\w+)"', text)) == set(re.findall(r'LABEL="(\w+)"', text))


LIBRARIES_WITHOUT_WRITABLE_CODE = """
import ctypes, mmap, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) != 0:  # PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN: Linux 6.3
    sys.exit(77)
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    sys.exit("memory that is writable and executable was granted")
except PermissionError:
    pass
import av, cv2, duckdb, numpy
container = av.open("clip.mp4", "w")
stream = container.add_stream("h264", rate=10, width=320, height=240, pix_fmt="yuv420p")
for level in range(12):
    picture = numpy.full((240, 320, 3), 10 * level, numpy.uint8)
    container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
container.mux(stream.encode(None))
container.close()
background = cv2.createBackgroundSubtractorMOG2()
with av.open("clip.mp4") as clip:
    seen = sum(background.apply(frame.to_ndarray(format="gray")).shape == (240, 320) for frame in clip.decode(video=0))
capture = cv2.VideoCapture("clip.mp4", cv2.CAP_FFMPEG)
assert seen == 12 and capture.read()[0]
assert duckdb.sql("SELECT sum(i) FROM range(1000) t(i)").fetchall() == [(499500,)]
"""


def test_the_libraries_work_where_no_memory_is_writable_and_executable(tmp_path: Path) -> None:
    code = [sys.executable, "-c", LIBRARIES_WITHOUT_WRITABLE_CODE]
    ended = subprocess.run(code, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120)
    if ended.returncode == 77:
        pytest.skip("this kernel cannot refuse writable code (PR_SET_MDWE, Linux 6.3)")
    assert ended.returncode == 0, ended.stderr
    assert {dict(said(name))["MemoryDenyWriteExecute"] for name in UNITS} == {"yes"}
