"""A sensor that comes back under another name of the kernel's is found by its identity, within five seconds."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from edge_agent.serial_config import SerialSensor
from edge_agent.sources.serial_port import SerialPort
from edge_agent.supervisor import Supervisor
from edge_agent.taken import Taken
from service.progress import Progress
from tests.support.ptys import Plug, sds011
from tests.support.waiting import until

_LATEST = 5.0


async def test_another_name_of_the_kernels_is_the_same_sensor(tmp_path: Path) -> None:
    plug = Plug(tmp_path / "usb-1a86-dust")
    plug.plug_in()
    settings = SerialSensor(sensor="dust", driver="sds011", port=str(plug.link))
    source, heard = SerialPort(settings, Progress()), asyncio.Queue[Taken](100)
    running = asyncio.create_task(Supervisor(source, heard.put, Progress()).run(), name="supervisor")
    held = os.openpty()
    try:
        names = set[Path]()
        for reading in (12.3, 45.6, 78.9):
            names.add(plug.link.readlink())
            await until(lambda: source.vitals.state == "open", seconds=_LATEST)
            plug.say(sds011(reading, 1.0))
            async with asyncio.timeout(_LATEST):
                assert (await heard.get()).measurement.values["pm2_5"] == reading
            plug.unplug()
            await until(lambda: source.vitals.state == "lost")
            held = (*held, *os.openpty())
            plug.plug_in()
        assert len(names) == 3, "the kernel gave the same name again"
    finally:
        plug.unplug()
        for descriptor in held:
            os.close(descriptor)
        source.end()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_sensor_that_was_away_for_long_is_looked_for_as_often(tmp_path: Path) -> None:
    """A pause that grows with each failure would find it late when it comes back after a night."""
    pauses: list[float] = []

    class Hasty(Progress):
        async def sleep(self, loop: str, seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 30:
                raise asyncio.CancelledError

    settings = SerialSensor(sensor="dust", driver="sds011", port=str(tmp_path / "usb-none"))
    source, heard = SerialPort(settings, Progress()), asyncio.Queue[Taken](1)
    await asyncio.gather(Supervisor(source, heard.put, Hasty()).run(), return_exceptions=True)
    assert len(pauses) == 30
    assert max(pauses) <= 3.0 < _LATEST
    assert min(pauses) > 0.1
