"""`make` and the scripts in .ci on systems that have less than ours."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SERVERS = ROOT / ".ci" / "install-servers"
WANTED = re.compile(r"found\(\"([^\"]+)\"\)")


def tools(folder: Path, *programs: str, **scripts: str) -> dict[str, str]:
    """Return an environment in which only some programs are found, some of them replaced by scripts."""
    folder.mkdir(exist_ok=True)
    for program in programs:
        where = shutil.which(program)
        assert where is not None, f"{program} is not here"
        (folder / program).symlink_to(where)
    for name, body in scripts.items():
        script = folder / name.replace("_", "-")
        script.write_text(f"#!/bin/sh\n{body}\n")
        script.chmod(0o755)
    return {"PATH": str(folder)}


def ran(environment: dict[str, str], *command: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which(str(command[0]))
    assert program is not None
    arguments = [program, *map(str, command[1:])]
    return subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False)


def test_make_alone_lists_every_target_with_nothing_but_awk(tmp_path: Path) -> None:
    said = ran(tools(tmp_path / "bin", "sh", "awk"), "make", "SHELL=/bin/sh")
    assert (said.returncode, said.stderr) == (0, "")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = re.findall(r"^  make ([a-z]+) +\S.*$", said.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(phony.split())
    assert len(listed) == len(said.stdout.splitlines())


NO_ENSUREPIP = 'case "$*" in *ensurepip*) exit 1;; esac'
AT_WORK = "exit 0"


@pytest.mark.parametrize(
    "scripts",
    [
        {"id": "echo 1000", "apt_get": AT_WORK},  # no sudo
        {"id": "echo 0"},  # no apt-get
        {"id": "echo 0", "apt_get": "exit 100"},  # no network
        {"id": "echo 1000", "apt_get": AT_WORK, "sudo": "exit 1"},  # a sudo that says no
    ],
)
def test_where_nothing_may_be_installed_make_venv_says_what_to_do(tmp_path: Path, scripts: dict[str, str]) -> None:
    environment = tools(tmp_path / "bin", "env", python3=NO_ENSUREPIP, **scripts)
    said = ran(environment, "bash", ".ci/make-venv", tmp_path / "venv")
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1].endswith("install it by hand, as root: apt-get install python3-venv")


def test_make_venv_installs_what_is_missing_as_root(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    environment = tools(
        tmp_path / "bin", "env", python3=f'echo "python3 $*" >> {calls}; {NO_ENSUREPIP}',
        id="echo 0", apt_get=f'echo "apt-get $*" >> {calls}',
    )  # fmt: skip
    said = ran(environment, "bash", ".ci/make-venv", tmp_path / "venv")
    assert said.returncode == 0, said.stderr
    assert [line for line in calls.read_text().splitlines() if "-c" not in line] == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends python3-venv",
        f"python3 -m venv {tmp_path}/venv",
    ]


@pytest.mark.parametrize(("user", "linked"), [("0", ["simpang-agent", "simpang-hub"]), ("1000", [])])
def test_only_root_gets_both_commands_where_every_shell_finds_them(
    tmp_path: Path, user: str, linked: list[str]
) -> None:
    environment = tools(tmp_path / "bin", "sh", "ln", "mkdir", id=f"echo {user}")
    prefix = tmp_path / "usr"
    said = ran(environment, "make", "SHELL=/bin/sh", "-o", ".venv/.run", "install", f"PREFIX={prefix}")
    assert (said.returncode, said.stderr) == (0, "")
    links = sorted(prefix.glob("bin/*"))
    assert [link.name for link in links] == linked
    assert [link.readlink() for link in links] == [ROOT / ".venv" / "bin" / name for name in linked]


def packages() -> set[str]:
    (listed,) = re.findall(r"^packages=\((.*)\)$", SERVERS.read_text(), re.MULTILINE)
    return set(listed.split())


def wanted() -> set[str]:
    files = (file for file in (ROOT / "tests").rglob("*.py") if file != Path(__file__))
    return {program for file in files for program in WANTED.findall(file.read_text())}


def owner(program: str) -> str:
    """Return the Debian package of a program that is installed."""
    if not (path := shutil.which(program, path="/usr/sbin:/usr/bin")) or not shutil.which("dpkg"):
        pytest.skip(f"{program} or dpkg is not here to ask")
    for place in (path, path.removeprefix("/usr")):
        told = subprocess.run(["dpkg", "-S", place], capture_output=True, text=True, check=False)
        if told.returncode == 0:
            return told.stdout.partition(":")[0]
    pytest.skip(f"{path} is of no package")


@pytest.mark.parametrize("program", sorted(wanted()))
def test_what_a_test_needs_is_installed_before(program: str) -> None:
    assert owner(program) in packages()


def test_the_eye_for_needed_programs_sees() -> None:
    assert {"mosquitto", "openssl", "systemd-analyze"} <= wanted()
