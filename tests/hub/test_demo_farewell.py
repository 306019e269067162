"""The demo ends in time, whoever refuses to: each part's deadline is cut from one that is under three seconds."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import pytest

from hub.demo import processes
from hub.demo.farewell import AFTER_AGENT, AFTER_HUB, AFTER_LOOK, AFTER_PROCESSES, LONGEST, UNHURRIED, Farewell
from hub.demo.processes import DemoFailed, Processes
from tests.support.waiting import until

SLACK = 10.0
"""Seconds that a loaded machine may take on top, where a wall clock is asked at all."""

DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    open("child", "w").write(str(os.getpid()))
else:
    open("deaf", "w").write(str(os.getpid()))
time.sleep(600)
"""


async def deaf(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> asyncio.subprocess.Process:
    """Start a process that ignores SIGTERM and has a child of the same mind; return once both are there."""
    place = folder / name
    place.mkdir()
    (place / "deaf_one.py").write_text(DEAF)
    monkeypatch.chdir(place)
    monkeypatch.setenv("PYTHONPATH", str(place))
    running = await processes.started("deaf_one", log=place / "log")
    await until(lambda: all((place / word).exists() and (place / word).read_text() for word in ("deaf", "child")))
    return running


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_all_deadlines_together_are_under_three_seconds() -> None:
    assert 0 < AFTER_HUB < AFTER_LOOK < AFTER_PROCESSES < AFTER_AGENT < LONGEST < 3.0
    assert LONGEST - AFTER_AGENT >= 2.0, "the agent alone gives its sources 1.5 s and the last acknowledgements 0.5 s"


async def test_the_seconds_count_from_the_first_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    farewell = Farewell()
    now = 1500.0
    assert farewell.left(leaving=AFTER_AGENT) == pytest.approx(LONGEST - AFTER_AGENT)
    now += LONGEST - AFTER_AGENT
    assert farewell.left(leaving=AFTER_AGENT) == pytest.approx(0.0)
    assert farewell.left() == pytest.approx(AFTER_AGENT)
    now += 100.0
    assert farewell.left() == 0.0


async def test_nobody_is_hurried_when_the_time_is_over_by_itself() -> None:
    assert Farewell(lambda: False).left() == pytest.approx(UNHURRIED, abs=1)
    assert Farewell(lambda: True).left() == pytest.approx(LONGEST, abs=1)


async def test_processes_that_ignore_sigterm_are_killed_with_their_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farewell = Farewell()
    cast = Processes(tmp_path, farewell)
    cast._agent = await deaf(tmp_path, "agent", monkeypatch)
    cast._city = await deaf(tmp_path, "city", monkeypatch)
    pids = [int((tmp_path / name / word).read_text()) for name in ("agent", "city") for word in ("deaf", "child")]
    begun = time.monotonic()
    await cast.end()
    took = time.monotonic() - begun
    assert LONGEST - AFTER_PROCESSES - 0.1 < took < LONGEST + SLACK
    assert (cast._agent.returncode, cast._city.returncode) == (-signal.SIGKILL, -signal.SIGKILL)
    await until(lambda: all(map(gone, pids)))
    assert not cast.orderly


async def test_processes_that_end_when_asked_are_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "meek_one.py").write_text(
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        "open('meek', 'w').write('x')\ntime.sleep(600)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with Processes(tmp_path, Farewell()) as cast:
        cast._agent = await processes.started("meek_one", log=tmp_path / "log")
        await until((tmp_path / "meek").exists)
    assert cast._agent.returncode == 0
    assert cast.orderly


async def test_a_process_that_ends_by_itself_is_told_with_its_log(tmp_path: Path) -> None:
    async with Processes(tmp_path, Farewell()) as cast:
        cast.check()
        cast._agent = await processes.started("no_such_module", log=tmp_path / "agent.log")
        await cast._agent.wait()
        with pytest.raises(DemoFailed, match=rf"the agent ended by itself; its words are in {tmp_path}/agent\.log"):
            cast.check()
    assert "no_such_module" in (tmp_path / "agent.log").read_text()


async def test_a_city_is_not_waited_for_when_told_to_stop(tmp_path: Path) -> None:
    stop = asyncio.Event()
    stop.set()
    async with Processes(tmp_path, Farewell()) as cast:
        assert await cast.city(1, stop) is None
        assert cast._city is not None
        assert cast._city.returncode is None
    assert cast._city.returncode is not None
    assert cast.orderly


async def test_a_part_that_hangs_is_cancelled_and_left_behind() -> None:
    farewell = Farewell()
    farewell.left()
    farewell._deadline = asyncio.get_running_loop().time() + 0.05
    hanging = asyncio.create_task(asyncio.sleep(600), name="hanging")
    await farewell.allow(hanging)
    with pytest.raises(asyncio.CancelledError):
        await hanging


async def test_what_a_part_raises_while_ending_is_raised() -> None:
    async def fail() -> None:
        raise DemoFailed("of all things")

    with pytest.raises(DemoFailed, match="of all things"):
        await Farewell().allow(asyncio.create_task(fail()))
