"""Prints what one serial sensor says, decoded, with units and quality, for a technician at the pole."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from datetime import datetime

from rich.console import Console

from drivers.driver import CAUSES
from edge_agent.errors import SourceLost
from edge_agent.serial_config import SerialSensor
from edge_agent.sources.serial_sensors import sources
from edge_agent.stages.line_up import staged
from edge_agent.stages.stage import Staged
from service.progress import Progress
from telemetry.catalogue import BY_FAMILY
from telemetry.reading import Measurement


async def listen(settings: SerialSensor, console: Console, stop: asyncio.Event) -> bool:
    """Print readings until told to stop; return whether there was at least one."""
    (source,) = sources([settings], Progress())
    (port,) = staged([source], [settings])
    console.print(f"{settings.sensor}: {settings.driver} on {settings.port} at {source.line}; Ctrl-C ends")
    printing = asyncio.create_task(_print(port, console), name="listen")
    stopping = asyncio.create_task(stop.wait(), name="listen.stop")
    await asyncio.wait((printing, stopping), return_when=asyncio.FIRST_COMPLETED)
    port.end()
    stopping.cancel()
    try:
        await printing
    except SourceLost as error:
        console.print(str(error), style="red", markup=False)
    for line in outcome(port.vitals.frames, port.vitals.rejected):
        console.print(line, markup=False)
    return port.vitals.frames > 0


def outcome(frames: int, rejected: Mapping[str, int]) -> Iterator[str]:
    """Yield what was heard, and what each cause means where more was rejected than understood."""
    if not frames and not rejected:
        yield "nothing was heard; check the sensor's power and the wiring (TX to RX)"
    yield f"{frames} valid frames; rejected: {', '.join(f'{why} {n}' for why, n in rejected.items()) or 'none'}"
    if sum(rejected.values()) > frames:
        yield from (f"  {why}: {CAUSES[why]}" for why in rejected)
    if rejected.get("noise", 0) > frames:
        yield "  another speed is tried with --baud, like --baud 4800"


async def _print(port: Staged, console: Console) -> None:
    async with port, aclosing(port.readings()) as readings:
        async for taken in readings:
            console.print(f"{datetime.now().astimezone():%H:%M:%S}  {described(taken.measurement)}", markup=False)


def described(said: Measurement) -> str:
    """Return values with titles and units, and the quality bits if any is set."""
    quantities = BY_FAMILY[said.family]
    values = "  ".join(f"{quantities[n].title} {v:.10g} {quantities[n].unit}".rstrip() for n, v in said.values.items())
    return values + (f"  [{doubts}]" if (doubts := said.quality.words) else "")
