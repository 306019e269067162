"""The agent's composition: the watchdog is fed by progress alone, and the end comes in order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge_agent import agent as agent_module
from edge_agent.agent import Agent
from edge_agent.config import AgentSettings
from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolTaken, SpoolUnwritable
from edge_agent.sources.port import Port
from service.settings import load
from tests.support import agents, servers, watchdog
from tests.support.notifications import NotifySocket
from tests.support.ptys import Plug, plugged, sds011
from tests.support.spooling import all_rows, opened
from tests.support.waiting import until
from tests.support.watchdog import fed, starves

_PATIENCE = 20.0


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotifySocket]:
    monkeypatch.setattr("edge_agent.delivery.uplink._TURN_SECONDS", 0.1)
    monkeypatch.setattr("edge_agent.sources.serial_port._TURN", 0.05)
    with watchdog.quick(monkeypatch) as heard:
        yield heard


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    with plugged(tmp_path / "usb-dust") as device:
        yield device


@pytest.fixture
def stalled() -> Iterator[threading.Event]:
    """Set to let what hangs go on; it does at the end in any case."""
    go_on = threading.Event()
    yield go_on
    go_on.set()


def _settings(tmp_path: Path, plug: Plug | None = None, more: str = "") -> AgentSettings:
    serial = {"dust": plug.link} if plug else None
    return load(agents.settings(tmp_path, broker=servers.free_port(), serial=serial, more=more), AgentSettings)


@asynccontextmanager
async def _running(settings: AgentSettings) -> AsyncIterator[tuple[Agent, asyncio.Event, asyncio.Task[None]]]:
    agent, stop = Agent(settings), asyncio.Event()
    task = asyncio.create_task(agent.run(stop), name="agent")
    try:
        yield agent, stop, task
    finally:
        stop.set()
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(task, return_exceptions=True)


async def test_the_watchdog_is_fed_while_all_loops_turn(tmp_path: Path, systemd: NotifySocket, plug: Plug):
    async with _running(_settings(tmp_path, plug)):
        for _ in range(3):
            await fed(systemd)


async def test_a_spool_that_hangs_starves_the_watchdog(
    tmp_path: Path, systemd: NotifySocket, stalled: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    commit = Spool.commit

    def hang(spool: Spool, *arguments: object) -> int | None:
        stalled.wait(_PATIENCE)
        return commit(spool, *arguments)  # type: ignore[arg-type]  # passed on as they came

    async with _running(_settings(tmp_path)) as (agent, _, _task):
        await fed(systemd)
        monkeypatch.setattr(Spool, "commit", hang)
        await starves(agent._progress, systemd, "spool")
        stalled.set()
        await fed(systemd)


async def test_a_port_that_hangs_starves_the_watchdog(
    tmp_path: Path, systemd: NotifySocket, plug: Plug, stalled: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    read = Port.read

    async def hang(port: Port, seconds: float) -> tuple[int, bytes]:
        await asyncio.to_thread(stalled.wait, _PATIENCE)
        return await read(port, seconds)

    async with _running(_settings(tmp_path, plug)) as (agent, _, _task):
        await fed(systemd)
        monkeypatch.setattr(Port, "read", hang)
        await starves(agent._progress, systemd, "dust")
        stalled.set()
        await fed(systemd)


async def test_a_missing_port_and_a_missing_broker_do_not_starve_the_watchdog(tmp_path: Path, systemd: NotifySocket):
    """Restarting would mend neither."""
    async with _running(_settings(tmp_path, Plug(tmp_path / "usb-none"))) as (agent, _, _task):
        await until(lambda: agent._sources[0].vitals.state == "lost" and not agent._uplink.sent.online)
        assert "it does not exist; is the device plugged in?" in agent._sources[0].vitals.why
        await asyncio.sleep(1.0)
        await fed(systemd)


async def test_stuck_loops_are_named_once_in_the_log(
    tmp_path: Path,
    systemd: NotifySocket,
    stalled: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setattr(Spool, "commit", lambda *_: stalled.wait(_PATIENCE) and None)
    async with _running(_settings(tmp_path)) as (agent, _, _task):
        await starves(agent._progress, systemd, "spool")
        stalled.set()
    assert sum("stuck: spool" in record.getMessage() for record in caplog.records) == 1


async def test_what_was_said_before_the_end_is_committed(tmp_path: Path, plug: Plug):
    settings = _settings(tmp_path, plug)
    async with _running(settings) as (agent, stop, task):
        await until(lambda: agent._sources[0].vitals.state == "open")
        plug.say(b"".join(sds011(value + 0.5, 1.0) for value in range(20)))
        await until(lambda: agent._sources[0].vitals.frames == 20)
        stop.set()
        await task
    spool = opened(tmp_path / "spool")
    assert [r.values["pm2_5"] for r in all_rows(spool) if r.family == "air"] == [value + 0.5 for value in range(20)]
    spool.close()


async def test_a_camera_says_its_last_before_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr("edge_agent.sources.camera._PROGRAM", "tests.support.fake_camera")
    settings = _settings(tmp_path, more='[[camera]]\nsensor = "cam"\nurl = "/speaks"\n')
    async with _running(settings) as (agent, stop, task):
        await until(lambda: agent._sources[0].vitals.newest)
        stop.set()
        await task
    spool = opened(tmp_path / "spool")
    assert len([r for r in all_rows(spool) if r.family == "crossing"]) == 3
    spool.close()


async def test_a_source_that_does_not_end_is_cancelled(
    tmp_path: Path, plug: Plug, stalled: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(agent_module, "_SOURCES_SECONDS", 0.1)
    async with _running(_settings(tmp_path, plug)) as (agent, stop, task):
        await until(lambda: agent._sources[0].vitals.state == "open")
        monkeypatch.setattr(agent._sources[0], "end", lambda: None)
        stop.set()
        async with asyncio.timeout(_PATIENCE):
            await task
    opened(tmp_path / "spool").close()


async def test_a_stop_before_anything_began_ends_at_once(tmp_path: Path):
    async with _running(_settings(tmp_path)) as (_, stop, task):
        stop.set()
        async with asyncio.timeout(_PATIENCE):
            await task


async def test_a_spool_that_turns_out_damaged_is_taken_over_while_the_agent_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    committing = Spool.commit
    rotten: list[str] = []

    def rotten_once(spool: Spool, *arguments: Any) -> int | None:
        if spool.held.readings >= 2 and not rotten:
            rotten.append(spool.epoch)
            raise spool._file.set_aside(ValueError("rot"))
        return committing(spool, *arguments)

    monkeypatch.setattr(Spool, "commit", rotten_once)
    async with _running(_settings(tmp_path)) as (agent, _, _task):
        await until(lambda: bool(rotten) and agent._desk.epoch not in ("", rotten[0]))
        before = agent._committer.committed
        await until(lambda: agent._committer.committed >= before + 2)
    spool = opened(tmp_path / "spool")
    numbers = sorted(r.seq for r in all_rows(spool) if r.sensor == "agent")
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 4
    spool.close()


async def test_an_agent_begins_without_a_spool_that_its_disk_refuses_and_loses_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    opening = agent_module.Spool
    refusals = [3]

    def refused(*arguments: object, **more: object) -> Spool:
        if refusals[0]:
            refusals[0] -= 1
            raise SpoolUnwritable("spool refuses: database or disk is full")
        return opening(*arguments, **more)

    monkeypatch.setattr(agent_module, "Spool", refused)
    async with _running(_settings(tmp_path)) as (agent, _, _task):
        await until(lambda: agent._committer.committed >= 2)
    assert refusals == [0]
    assert agent._committer.lost_before_commit == 0


async def test_two_agents_do_not_share_a_spool(tmp_path: Path):
    settings = _settings(tmp_path)
    async with _running(settings) as (first, _, _task):
        await until(lambda: first._desk.epoch)
        with pytest.raises(SpoolTaken):
            await Agent(settings).run(asyncio.Event())


async def test_health_of_every_source_is_committed(tmp_path: Path, plug: Plug):
    async with _running(_settings(tmp_path, plug)) as (agent, _, _task):
        await until(lambda: agent._committer.committed >= 2)
    spool = opened(tmp_path / "spool")
    assert {r.sensor for r in all_rows(spool) if r.family == "health"} == {"agent", "dust"}
    spool.close()
