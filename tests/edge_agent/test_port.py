"""A port that is missing, held by another or deaf: lost with words that a technician can act on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from drivers.catalogue import load
from edge_agent.errors import SourceLost
from edge_agent.serial_config import SerialSensor
from edge_agent.sources import port as port_module
from edge_agent.sources.port import Port
from edge_agent.sources.serial_port import SerialPort
from service.progress import Progress
from tests.support.ptys import Plug, plugged, sds011


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    with plugged(tmp_path / "usb-dust") as device:
        yield device


def _sensor(plug: Plug) -> SerialPort:
    return SerialPort(SerialSensor(sensor="dust", driver="sds011", port=str(plug.link)), Progress())


async def test_a_missing_port_lists_what_is_plugged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    present = tmp_path / "by-id"
    present.mkdir()
    for name in ("usb-b", "usb-a"):
        (present / name).touch()
    monkeypatch.setattr(port_module, "_BY_ID", present)
    absent = Plug(tmp_path / "usb-dust")
    with pytest.raises(SourceLost, match=r"usb-dust cannot be opened: it does not exist.*by-id: usb-a, usb-b"):
        await _sensor(absent).__aenter__()


async def test_a_missing_port_says_so_where_nothing_is_plugged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(port_module, "_BY_ID", tmp_path / "by-id")
    with pytest.raises(SourceLost, match=r"Present in .*by-id: nothing"):
        await _sensor(Plug(tmp_path / "usb-dust")).__aenter__()


async def test_a_port_that_another_program_holds_is_named(plug: Plug):
    async with _sensor(plug):
        with pytest.raises(SourceLost, match=r"another program holds it \(sudo fuser"):
            await _sensor(plug).__aenter__()


async def test_a_port_that_takes_no_greeting_is_let_go_of(plug: Plug):
    source = _sensor(plug)
    plug.jam()
    with pytest.raises(SourceLost, match="takes no bytes"):
        await source.__aenter__()
    plug.clear()
    async with asyncio.timeout(10), source, aclosing(source.readings()) as readings:
        plug.say(sds011(12.3, 20.1))
        assert (await anext(readings)).measurement.values["pm2_5"] == 12.3


async def test_a_file_in_place_of_a_port_is_refused_with_words(tmp_path: Path):
    no_port = Plug(tmp_path / "file")
    no_port.link.write_text("no port")
    with pytest.raises(SourceLost, match="cannot be opened"):
        await _sensor(no_port).__aenter__()


async def test_what_has_come_is_read_without_waiting(plug: Plug):
    port = Port(str(plug.link), load("sds011").line)
    assert (await port.read(0))[1] == b""
    plug.say(b"late")
    assert (await port.read(0))[1] == b"late"
    assert (await port.read(0))[1] == b""
    await port.leave(b"")


async def test_a_read_that_is_cancelled_leaves_the_port_to_the_next(plug: Plug):
    port = Port(str(plug.link), load("sds011").line)
    waiting = asyncio.create_task(port.read(60), name="read")
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    plug.say(b"more")
    assert (await port.read(5))[1] == b"more"
    await port.leave(b"")
