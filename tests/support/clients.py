"""Talking to a broker through the service's own door, for tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from service.broker import Broker
from service.mqtt import BrokerLost, Link, Message, connected
from tests.support.servers import Server


def address(server: Server, **keys: object) -> Broker:
    return Broker.model_validate({"host": "127.0.0.1", "port": server.port, **keys})


async def collected(link: Link, many: int) -> list[Message]:
    """Return the next messages."""
    heard: list[Message] = []
    async with asyncio.timeout(10):
        async for message in link.messages():
            heard.append(message)
            if len(heard) == many:
                break
    return heard


async def complaint(broker: Broker) -> str:
    """Return what a technician reads when connecting fails."""
    with pytest.raises(BrokerLost) as lost:
        async with connected(broker, name="t", queue=4):
            pass
    assert str(lost.value).startswith(f"broker {broker}: ") or "_file" in str(lost.value)
    return str(lost.value)


async def everybody_else() -> None:
    """Wait until a client that gave up has seen the server hang up."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        await asyncio.wait(left, timeout=10)


@contextlib.asynccontextmanager
async def pretender(says: bytes) -> AsyncIterator[Broker]:
    """A server that is no broker: says something to whoever speaks to it, and hangs up at the end."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError):
            await reader.read(1)
            writer.write(says)
            await reader.read()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Broker(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        for writer in writers:
            writer.close()
    await everybody_else()
