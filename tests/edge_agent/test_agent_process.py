"""The agent as a process: what it commits stays, what it is doing is told, and it ends as it should."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.broker import Broker
from telemetry.status import State
from tests.support import agents, servers
from tests.support.notifications import listening
from tests.support.ptys import Plug, plugged, sds011
from tests.support.scripted_hub import ScriptedHub, playing, rows
from tests.support.servers import Server
from tests.support.spooling import Row, all_rows, opened

_READINGS = 30


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    with plugged(tmp_path / "usb-dust") as device:
        yield device


def _dust(rows_: list[Row]) -> list[float]:
    return [r.values["pm2_5"] for r in rows_ if r.family == "air"]


def _speak(plug: Plug) -> list[float]:
    """Say frames and return their values."""
    values = [value + 0.5 for value in range(_READINGS)]
    plug.say(b"".join(sds011(value, 1.0) for value in values))
    return values


def _open_port(said: dict[str, list[dict[str, str]]]) -> bool:
    return said["sources"][0]["state"] in ("open", "live")


def _all_committed(said: dict[str, list[dict[str, int]]]) -> bool:
    return said["sources"][0]["frames"] == _READINGS and said["committed"] >= _READINGS  # type: ignore[operator]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_end_keeps_what_was_taken_and_exits_with_0(tmp_path: Path, plug: Plug, number: signal.Signals):
    config = agents.settings(tmp_path, broker=servers.free_port(), serial={"dust": plug.link})
    with agents.running(config) as agent:
        agent.until(_open_port)
        said = _speak(plug)
        agent.until(lambda status: status["sources"][0]["frames"] == _READINGS)
        assert agent.end(number) == 0
        assert "Traceback" not in agent.log()
    spool = opened(tmp_path / "spool")
    assert _dust(all_rows(spool)) == said
    spool.close()


def test_a_killed_agent_keeps_what_it_had_committed_and_goes_on(tmp_path: Path, plug: Plug):
    config = agents.settings(tmp_path, broker=servers.free_port(), serial={"dust": plug.link})
    with agents.running(config) as agent:
        agent.until(_open_port)
        said = _speak(plug)
        agent.until(_all_committed)
        agent.end(signal.SIGKILL)
    (tmp_path / "status.json").unlink()
    with agents.running(config) as agent:
        agent.until(_open_port)
        said += _speak(plug)
        agent.until(_all_committed)
        assert agent.end() == 0
    spool = opened(tmp_path / "spool")
    rows_ = [r for r in all_rows(spool) if r.sensor == "dust"]
    assert _dust(rows_) == said
    assert [r.seq for r in rows_] == list(range(len(rows_)))
    spool.close()


async def _told(plug: Plug, agent: agents.AgentProcess) -> list[float]:
    await asyncio.to_thread(agent.until, _open_port)
    return _speak(plug)


async def _delivered(hub: ScriptedHub, count: int) -> list[float]:
    """Acknowledge batches until so many dust readings were heard, and return them."""
    heard: list[float] = []
    while len(heard) < count:
        batch = await hub.batch()
        heard += _dust(rows(batch))
        await hub.ack(batch)
    return heard


async def test_readings_reach_the_hub_and_the_figures_say_so(tmp_path: Path, plug: Plug, broker: Server):
    config = agents.settings(tmp_path, broker=broker.port, serial={"dust": plug.link})
    async with playing(Broker(host="127.0.0.1", port=broker.port)) as hub:
        with agents.running(config) as agent:
            await hub.state(State.ONLINE)
            said = await _told(plug, agent)
            assert await _delivered(hub, _READINGS) == said
            status = await asyncio.to_thread(agent.until, lambda s: s["stored"] >= _READINGS)
            assert await asyncio.to_thread(agent.end) == 0
            await hub.state(State.STOPPING)
    assert status["broker"] == {"online": True, "why": ""}
    assert (status["lost_before_commit"], status["refused"]) == (0, 0)
    dust, health = status["sources"]
    assert (dust["sensor"], dust["state"], dust["restarts"]) == ("dust", "live", 0)
    assert dust["newest"] == {"air.pm2_5": _READINGS - 0.5, "air.pm10": 1.0}
    assert health["sensor"] == "agent"


async def test_a_killed_agent_is_told_as_lost_and_sends_again_what_was_not_acknowledged(
    tmp_path: Path, plug: Plug, broker: Server
):
    config = agents.settings(tmp_path, broker=broker.port, serial={"dust": plug.link})
    async with playing(Broker(host="127.0.0.1", port=broker.port)) as hub:
        with agents.running(config) as agent:
            said = await _told(plug, agent)
            await asyncio.to_thread(agent.until, _all_committed)
            first = await hub.batch()
            await asyncio.to_thread(agent.end, signal.SIGKILL)
            await hub.state(State.LOST)
        with agents.running(config) as agent:
            await hub.state(State.ONLINE)
            again = await hub.batch_number(first.number)
            assert again == first
            await hub.ack(again)
            heard = _dust(rows(again)) + await _delivered(hub, _READINGS - len(_dust(rows(again))))
            assert sorted(set(heard)) == said
            assert await asyncio.to_thread(agent.end) == 0


def test_systemd_hears_ready_alive_and_stopping(tmp_path: Path):
    config = agents.settings(tmp_path, broker=servers.free_port())
    with listening() as systemd, agents.running(config, NOTIFY_SOCKET=str(systemd.path)) as agent:
        assert systemd.next() == "READY=1\nSTATUS=1 sources"
        alive = systemd.until("WATCHDOG=1")
        assert "readings committed" in alive
        assert "offline" in alive or "waiting" in alive
        assert agent.end() == 0
        assert systemd.until("STOPPING=1")


def test_a_status_file_that_cannot_be_written_stops_nothing(tmp_path: Path):
    config = agents.settings(tmp_path, broker=servers.free_port())
    said = agents.run_apart("run", "-c", config, "--status-file", tmp_path / "none" / "status.json", "--for", "1.5s")
    assert said.returncode == 0, said.stderr
    spool = opened(tmp_path / "spool")
    assert spool.held.readings > 0
    spool.close()


def test_a_running_agent_has_loaded_neither_what_checks_settings_nor_what_looks_at_pictures(tmp_path: Path):
    """On a small computer each of these costs megabytes that an agent of sensors never uses."""
    with agents.running(agents.settings(tmp_path, broker=servers.free_port())) as agent:
        agent.until(lambda said: bool(said["sources"]))
        mapped = Path(f"/proc/{agent.process.pid}/maps").read_text()
    assert "_sqlite3" in mapped
    assert not [name for name in ("pydantic_core", "numpy", "cv2", "libavcodec") if name in mapped]
