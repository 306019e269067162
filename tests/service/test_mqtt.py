"""What arrives through the door to MQTT, from a real Mosquitto."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import pytest

from service.mqtt import BrokerLost, Link, Message, connected
from tests.support.clients import address, collected
from tests.support.servers import Server

TOPIC = "simpang/v1/a/b/up/readings"


async def test_what_is_published_arrives_whole_in_order_with_its_topic(broker: Server) -> None:
    said = [Message(TOPIC, payload) for payload in (b"", b"\0\xff\n", b"x" * 300_000, "é".encode())]
    async with connected(address(broker), name="hub", queue=10) as link:
        await link.subscribe("simpang/v1/+/+/up/readings")
        for message in said:
            await link.publish(message)
        assert await collected(link, 4) == said


async def test_a_retained_message_waits_for_whoever_comes(broker: Server) -> None:
    status = Message("simpang/v1/a/b/up/status", b"online", retain=True)
    async with connected(address(broker), name="agent", queue=1) as link:
        await link.publish(status)
    async with connected(address(broker), name="hub", queue=1) as link:
        await link.subscribe("simpang/v1/+/+/up/status")
        assert await collected(link, 1) == [status]


@contextlib.asynccontextmanager
async def watched(server: Server, topic: str) -> AsyncIterator[Link]:
    async with connected(address(server), name="watcher", queue=10) as link:
        await link.subscribe(topic)
        yield link


async def test_the_will_is_said_when_the_connection_dies_and_not_when_it_ends(broker: Server) -> None:
    will, orderly = Message("will", b"lost"), Message("will", b"orderly")
    async with watched(broker, "will") as watcher:
        async with connected(address(broker), name="one", queue=1, will=will) as link:
            await link.publish(orderly)
        async with connected(address(broker), name="two", queue=1, will=will) as link:
            link._client._client.socket().shutdown(2)
            with pytest.raises(BrokerLost):
                await collected(link, 1)
        assert await collected(watcher, 2) == [orderly, will]


class Drops(logging.Handler):
    """Tells when the client has dropped so many messages."""

    def __init__(self, many: int) -> None:
        super().__init__()
        self._left = many
        self.all = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self._left -= "queue is full" in record.getMessage()
        if self._left == 0:
            self.all.set()


async def test_what_does_not_fit_the_queue_is_dropped_and_the_rest_goes_on(
    broker: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="mqtt")
    dropped = Drops(46)
    logging.getLogger("mqtt").addHandler(dropped)
    try:
        async with connected(address(broker), name="hub", queue=4) as link:
            await link.subscribe("t")
            for n in range(50):
                await link.publish(Message("t", b"%d" % n))
            async with asyncio.timeout(10):
                await dropped.all.wait()
            assert len(link._client.messages) == 4
            assert [m.payload for m in await collected(link, 4)] == [b"0", b"1", b"2", b"3"]
            await link.publish(Message("t", b"next"))
            assert [m.payload for m in await collected(link, 1)] == [b"next"]
    finally:
        logging.getLogger("mqtt").removeHandler(dropped)
