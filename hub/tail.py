"""Prints what agents say and what hubs acknowledge, live, for people."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime

from rich.console import Console

from service.broker import Broker
from service.mqtt import Message, connected
from telemetry import batch as batches
from telemetry.catalogue import BY_FAMILY
from telemetry.errors import BadBatch, BadTopic
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.topic import Channel, everyone, parse

_QUEUED = 1_000


async def tail(broker: Broker, console: Console, stop: asyncio.Event, *, raw: bool) -> None:
    """Print until told to stop; raises BrokerLost."""
    printing = asyncio.create_task(_print(broker, console, raw=raw), name="tail")
    stopping = asyncio.create_task(stop.wait(), name="tail.stop")
    await asyncio.wait((printing, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    printing.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
    try:
        await printing
    except asyncio.CancelledError:
        return


async def _print(broker: Broker, console: Console, *, raw: bool) -> None:
    async with connected(broker, name=f"simpang-tail-{os.getpid()}", queue=_QUEUED) as link:
        for channel in Channel:
            await link.subscribe(everyone(channel))
        async for message in link.messages():
            for line in described(message, raw=raw):
                console.print(line, markup=False, highlight=False, soft_wrap=True)


def described(message: Message, *, raw: bool) -> list[str]:
    """Return a message as lines for people, or for `raw` as the document it is; none of it steers a terminal."""
    return [harmless(line) for line in _said(message, raw=raw)]


def harmless(line: str) -> str:
    """Return a line without what could steer a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)


def _said(message: Message, *, raw: bool) -> list[str]:
    try:
        place, channel = parse(message.topic)
        if channel is not Channel.READINGS:
            return [f"{place.site}/{place.agent} {channel}: {message.payload.decode('utf-8', 'replace')[:500]}"]
        batch = batches.decode(message.payload)
    except (BadTopic, BadBatch) as error:
        return [f"{message.topic}: {error}"]
    if raw:
        return batch.document().decode("utf-8", "replace").splitlines()
    heading = f"{place.site}/{place.agent} batch {batch.number}, epoch {batch.epoch}: {batch.lines} readings"
    return [heading, *(f"  {_readable(line)}" for line in batch.body.decode("utf-8", "replace").splitlines())]


def _readable(line: str) -> str:
    """Return one line with local time, titles and units; a line of no known form as it is."""
    try:
        tags, fields, time = line.split(" ")
        measurement, *pairs = tags.split(",")
        labels = dict(pair.split("=") for pair in pairs)
        values = dict(pair.split("=") for pair in fields.split(","))
        quantities = BY_FAMILY[Family(measurement)]
        at = datetime.fromtimestamp(int(time) // 10**6 / 1000).astimezone()
        sensor, seq = labels.pop("sensor"), values.pop("seq")[:-1]
        quality = Quality(int(values.pop("quality")[:-1]))
        named = [(quantities[name], value.rstrip("i")) for name, value in values.items()]
    except (ValueError, KeyError, OverflowError, OSError):
        return line
    about = " ".join(f"{name}={value}" for name, value in labels.items() if name not in ("site", "agent"))
    said = ", ".join(f"{quantity.title} {value} {quantity.unit}".strip() for quantity, value in named)
    doubt = f" [{doubts}]" if (doubts := quality.words) else ""
    return f"{at:%H:%M:%S.%f} {sensor} #{seq} {about}{' ' if about else ''}{said}{doubt}"
