"""Records one serial sensor: every byte with its time, and what its driver understood."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

from edge_agent.errors import SourceLost
from edge_agent.recording.tape import Head, Writer
from edge_agent.serial_config import SerialSensor
from edge_agent.sources.serial_sensors import sources
from edge_agent.sources.source import Vitals
from edge_agent.taken import Taken
from service.progress import Progress


async def record(
    settings: SerialSensor, file: Path, stop: asyncio.Event, told: Callable[[Taken], None]
) -> tuple[Vitals, str]:
    """Record until told to stop; return how the sensor was, and why its port was lost, if it was; raises OSError.

    Where no byte passed, no file is left.
    """
    (source,) = sources([settings], Progress())
    head = Head(
        settings.driver,
        settings.options,
        str(source.line),
        datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    with file.open("x", encoding="utf-8") as opened:
        writer = Writer(opened, head, time.monotonic_ns())
        source.tap, lost = writer.bytes_passed, ""

        async def listen() -> None:
            async with source, aclosing(source.readings()) as readings:
                async for taken in readings:
                    writer.said(taken.measurement, taken.at)
                    told(taken)

        listening = asyncio.create_task(listen(), name="record")
        stopping = asyncio.create_task(stop.wait(), name="record.stop")
        await asyncio.wait((listening, stopping), return_when=asyncio.FIRST_COMPLETED)
        source.end()
        stopping.cancel()
        try:
            await listening
        except SourceLost as error:
            lost = str(error)
    if writer.is_empty:
        await asyncio.to_thread(file.unlink)
    return source.vitals, lost
