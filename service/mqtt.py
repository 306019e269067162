"""The one door to MQTT: a connection as a context manager, messages as an iterator, every failure as BrokerLost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import cast

import aiomqtt

from service.inbox import Inbox
from service.reach import Reach
from service.secret import UnusableSecret

KEEPALIVE = 20
"""Seconds; a link that died without a word is noticed within one and a half times this."""

_TIMEOUT = 15.0
_REFUSED = 0x80
_BROKEN = "the connection broke; is the broker running, does the network hold, has another client the same name?"
_HUNG_UP = "it hangs up; does this port speak TLS (with ca_file) or plain MQTT (without)?"


class BrokerLost(Exception):
    """The broker is out of reach, refuses us or went away: wait a little, then connect again."""


@dataclass(frozen=True, slots=True)
class Message:
    """A topic and the bytes said on it."""

    topic: str
    payload: bytes
    retain: bool = False


class Link:
    """A connection to the broker, QoS 1 in both directions."""

    def __init__(self, client: aiomqtt.Client, broker: Reach) -> None:
        """Wrap a connected client."""
        self._client = client
        self._broker = broker

    async def publish(self, message: Message) -> None:
        """Publish and wait for the broker's PUBACK, which paces but proves nothing; raises BrokerLost."""
        with _translated(self._broker):
            await self._client.publish(message.topic, message.payload, qos=1, retain=message.retain)

    async def subscribe(self, topic: str) -> None:
        """Subscribe; raises BrokerLost, also where the broker's access list refuses it."""
        with _translated(self._broker):
            granted = await self._client.subscribe(topic, qos=1)
        if any((code if isinstance(code, int) else code.value) >= _REFUSED for code in granted):
            raise BrokerLost(f"broker {self._broker} refuses a subscription to {topic}; check its access list (ACL)")

    async def messages(self) -> AsyncIterator[Message]:
        """Yield what arrives; raises BrokerLost when the connection ends."""
        with _translated(self._broker):
            async for heard in self._client.messages:
                payload = heard.payload if isinstance(heard.payload, bytes) else b""
                yield Message(str(heard.topic), payload, heard.retain)


@contextlib.asynccontextmanager
async def connected(
    broker: Reach,
    *,
    name: str,
    queue: int,
    will: Message | None = None,
    is_kept: Callable[[str], bool] = lambda _: False,
) -> AsyncIterator[Link]:
    """Connect under a client name and yield the link.

    `queue` bounds what waits to be read. When it is full, further messages are dropped: harmless, since whoever said
    them says them again until our own acknowledgement comes. `is_kept` names the topics of which that is not true:
    for their messages room is kept. Raises BrokerLost.
    """
    try:
        client = aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password(),
            identifier=name,
            keepalive=KEEPALIVE,
            timeout=_TIMEOUT,
            max_queued_incoming_messages=queue,
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", partial(Inbox, is_kept=is_kept)),
            tls_context=broker.tls(),
            will=aiomqtt.Will(will.topic, will.payload, qos=1, retain=will.retain) if will else None,
        )
    except UnusableSecret as error:
        raise BrokerLost(str(error)) from error
    client.pending_calls_threshold = 10_000
    with _translated(broker):
        async with client:
            yield Link(client, broker)


@contextlib.contextmanager
def _translated(broker: Reach) -> Iterator[None]:
    try:
        yield
    except aiomqtt.MqttError as error:
        if _cancelled():  # a farewell that finds no broker must not undo a cancellation
            raise asyncio.CancelledError from error
        raise BrokerLost(_explain(broker, error)) from error


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _explain(broker: Reach, error: aiomqtt.MqttError) -> str:
    """Return what happened and what to look at."""
    text = str(error)
    known = {
        "Connection refused": "nothing listens there; is the broker running, are host and port right?",
        "Not authori": "it does not accept the user name or password; check username and password_file",
        "Bad user name": "it does not accept the user name or password; check username and password_file",
        "Name or service": "the host name is not known; check host and the network's DNS",
        "Temporary failure in name": "the host name cannot be looked up; check the network",
        "timed out": "it does not answer; check the network, and the certificates if TLS is on",
        "certificate has expired": "renew its certificate, unless this computer's clock is wrong",
        "certificate is not yet valid": "is this computer's clock right?",
        "certificate verify failed": "its certificate is not signed by ca_file, or is for another host name",
        "Disconnected during": _BROKEN,
        "not currently connected": _BROKEN,
        "reset by peer": _HUNG_UP,
        "wrong version number": _HUNG_UP,
        "EOF occurred": _HUNG_UP,
        "Client identifier": "it does not accept the client name; is another agent running under this name?",
    }
    cure = next((cure for sign, cure in known.items() if sign.lower() in text.lower()), "")
    return f"broker {broker}: {text}" + (f"; {cure}" if cure else "")
