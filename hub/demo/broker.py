"""The embedded broker of the demo, the one door to amqtt; a real city runs Mosquitto."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from amqtt.broker import Broker

from hub.demo.farewell import Farewell

_HOST = "127.0.0.1"


def free_port() -> int:
    """Return a TCP port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def embedded_broker(farewell: Farewell) -> AsyncIterator[int]:
    """Run a broker on a free loopback port and yield the port; it lets anybody on this machine in."""
    port = free_port()
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{_HOST}:{port}", "max_connections": 50}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    try:
        yield port
    finally:
        await farewell.allow(asyncio.create_task(broker.shutdown(), name="broker"))
