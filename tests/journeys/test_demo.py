"""The demo as a newcomer runs it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import psutil
import pytest

from telemetry.quantity import Family
from tests.support.spooling import opened

COMMAND = [sys.executable, "-m", "hub.cli", "demo"]
SUM = re.compile(r"committed (\d+) = stored (\d+) \+ waiting (\d+)(?: - (\d+) [^:]+)?: cocok / adds up")
PATIENCE = 15.0
"""Seconds in which a loaded machine must have ended a demo that promises under three."""

HURRIED = "the agent was killed before its last figures"
"""What a demo says that kept its three seconds on a machine too slow for them."""


def test_it_ends_by_itself_and_its_counts_add_up(tmp_path: Path) -> None:
    folder = tmp_path / "first"
    ran = _run("--for", "20s", "--folder", folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (figures,) = SUM.findall(ran.stdout)
    committed, stored, waiting, both = (int(figure or 0) for figure in figures)
    rows, given = _in_the_store(folder / "city.duckdb")
    assert stored == rows
    assert waiting == _in_the_spool(folder / "spool.db")
    assert committed == stored + waiting - both
    assert given <= committed <= given + waiting
    with duckdb.connect(str(folder / "city.duckdb"), read_only=True) as db:
        sensors = dict(db.execute("SELECT sensor, count(*) FROM air GROUP BY sensor").fetchall())
        frames, measurable = db.execute("SELECT sum(frames), max(measurable) FROM scene").fetchone() or (0, 0)
    assert sensors["dust"] > 10
    assert sensors["co2"] >= 2
    assert frames > 50
    assert measurable == 1
    again = _run("--for", "20s", "--folder", folder)
    assert again.returncode == 1
    assert "holds an earlier demo" in again.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "agent.log"
    with subprocess.Popen([*COMMAND, "--folder", str(tmp_path)], stdout=subprocess.PIPE, text=True) as demo:
        children = _children_once(demo.pid, lambda: log.exists() and "dust delivers" in log.read_text())
        demo.send_signal(number)
        printed, _ = demo.communicate(timeout=PATIENCE)
    assert SUM.search(printed) or HURRIED in printed, printed
    assert demo.returncode == (0 if SUM.search(printed) else 1)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_a_signal_before_anything_is_committed_says_so(tmp_path: Path) -> None:
    with subprocess.Popen([*COMMAND, "--folder", str(tmp_path)], stdout=subprocess.PIPE, text=True) as demo:
        children = _children_once(demo.pid, (tmp_path / "city.log").exists)
        demo.send_signal(signal.SIGINT)
        printed, _ = demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 1, printed
    assert "belum ada yang masuk spool / nothing was committed yet" in printed
    assert "adds up" not in printed
    assert f"files and logs stay in {tmp_path}" in printed.replace("\n", "")
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_an_agent_that_dies_ends_it_and_is_named(tmp_path: Path) -> None:
    log = tmp_path / "agent.log"
    command = [*COMMAND, "--folder", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        children = _children_once(demo.pid, lambda: log.exists() and "dust delivers" in log.read_text())
        (agent,) = [child for child in children if "edge_agent.lean" in child.cmdline()]
        agent.kill()
        _, said = demo.communicate(timeout=5 + PATIENCE)
    assert demo.returncode == 1
    assert said == f"the agent ended by itself; its words are in {log}\n"
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_a_killed_demo_leaves_no_process_behind(tmp_path: Path) -> None:
    log = tmp_path / "agent.log"
    with subprocess.Popen([*COMMAND, "--folder", str(tmp_path)], stdout=subprocess.PIPE) as demo:
        children = _children_once(demo.pid, lambda: log.exists() and "dust delivers" in log.read_text())
        demo.kill()
        demo.wait(10)
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


def _run(*options: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def _in_the_store(file: Path) -> tuple[int, int]:
    """Return the agent's rows, and how many readings their numbers say were made."""
    rows = " UNION ALL ".join(f"SELECT sensor, seq FROM \"{family}\" WHERE sensor <> 'link'" for family in Family)
    by_sensor = f"SELECT count(*) AS n, max(seq) + 1 AS given FROM ({rows}) GROUP BY sensor"
    with duckdb.connect(str(file), read_only=True) as db:
        found = db.execute(f"SELECT sum(n), sum(given) FROM ({by_sensor})").fetchone()
    assert found is not None
    return int(found[0]), int(found[1])


def _in_the_spool(file: Path) -> int:
    """Return the readings that the agent left in its spool."""
    spool = opened(file)
    try:
        return spool.held.readings + spool.held.undated
    finally:
        spool.close()


def _children_once(pid: int, true: Callable[[], bool]) -> list[psutil.Process]:
    """Return all descendants of a process once something is true."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "the demo did not come to life"
        time.sleep(0.05)
    return psutil.Process(pid).children(recursive=True)
