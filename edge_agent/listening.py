"""Prints what one serial sensor says, decoded, with units and quality, for a technician at the pole."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import datetime

from rich.console import Console

from edge_agent.config import SerialSensor
from edge_agent.errors import SourceLost
from edge_agent.sources.serial_port import SerialPort
from service.progress import Progress
from telemetry.catalogue import BY_FAMILY
from telemetry.quality import Quality
from telemetry.reading import Measurement


async def listen(settings: SerialSensor, console: Console, stop: asyncio.Event) -> bool:
    """Print readings until told to stop; return whether there was at least one."""
    port = SerialPort(settings, Progress())
    console.print(f"{settings.sensor}: {settings.driver} on {settings.port}; Ctrl-C ends")
    printing = asyncio.create_task(_print(port, console), name="listen")
    stopping = asyncio.create_task(stop.wait(), name="listen.stop")
    await asyncio.wait((printing, stopping), return_when=asyncio.FIRST_COMPLETED)
    port.end()
    stopping.cancel()
    try:
        await printing
    except SourceLost as error:
        console.print(str(error), style="red", markup=False)
    rejected = ", ".join(f"{cause} {count}" for cause, count in port.vitals.rejected.items()) or "none"
    console.print(f"{port.vitals.frames} valid frames; rejected: {rejected}")
    return port.vitals.frames > 0


async def _print(port: SerialPort, console: Console) -> None:
    async with port, aclosing(port.readings()) as readings:
        async for taken in readings:
            console.print(f"{datetime.now().astimezone():%H:%M:%S}  {described(taken.measurement)}", markup=False)


def described(said: Measurement) -> str:
    """Return values with titles and units, and the quality bits if any is set."""
    quantities = BY_FAMILY[said.family]
    values = "  ".join(f"{quantities[n].title} {v:g} {quantities[n].unit}".rstrip() for n, v in said.values.items())
    doubts = ", ".join(bit.name.lower().replace("_", " ") for bit in Quality if bit & said.quality and bit.name)
    return values + (f"  [{doubts}]" if doubts else "")
