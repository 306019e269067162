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

COMMAND = [sys.executable, "-m", "hub.cli", "demo"]


def test_it_ends_by_itself_and_its_counts_add_up(tmp_path: Path) -> None:
    ran = subprocess.run(
        [*COMMAND, "--for", "20s", "--folder", str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    committed, stored, waiting = map(int, re.findall(r"committed (\d+) = stored (\d+) \+ waiting (\d+)", ran.stdout)[0])
    assert committed == stored + waiting
    with duckdb.connect(str(tmp_path / "city.duckdb"), read_only=True) as db:
        sensors = dict(db.execute("SELECT sensor, count(*) FROM air GROUP BY sensor").fetchall())
        frames, measurable = db.execute("SELECT sum(frames), max(measurable) FROM scene").fetchone() or (0, 0)
    assert sensors["dust"] > 10
    assert sensors["co2"] >= 2
    assert frames > 50
    assert measurable == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "agent.log"
    with subprocess.Popen([*COMMAND, "--folder", str(tmp_path)], stdout=subprocess.PIPE, text=True) as demo:
        children = _children_once(demo.pid, lambda: log.exists() and "dust delivers" in log.read_text())
        demo.send_signal(number)
        printed, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0, printed
    assert "adds up" in printed
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


def _children_once(pid: int, true: Callable[[], bool]) -> list[psutil.Process]:
    """Return all descendants of a process once something is true."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "the demo did not come to life"
        time.sleep(0.05)
    return psutil.Process(pid).children(recursive=True)
