"""The product with one thing broken: `python -m tests.faults.broken VARIANT agent|hub …` runs it as that program.

The harness must catch each of them. What is replaced here are doors that every reading passes, not the parts behind.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from edge_agent import cli as agent
from edge_agent.delivery import spool_file
from edge_agent.lean import Order, run
from hub import cli as hub
from hub.errors import HubError
from hub.stores.influx1 import Influx1
from service.mqtt import Link, Message
from telemetry import batch as batches
from telemetry.ack import Ack
from telemetry.batch import Batch

_TIME = re.compile(rb" \d{13}(\d{6})\n")


def ack_before_write() -> None:
    """The hub says yes first and writes afterwards."""
    write, writing = Influx1.write, set[asyncio.Task[None]]()

    async def late(self: Influx1, lines: Sequence[bytes]) -> None:
        writing.add(asyncio.create_task(write(self, lines)))

    Influx1.write = late  # type: ignore[method-assign]


def drop_on_refusal() -> None:
    """The hub takes any answer of the store for a yes."""
    write = Influx1.write

    async def careless(self: Influx1, lines: Sequence[bytes]) -> None:
        try:
            await write(self, lines)
        except HubError:
            return

    Influx1.write = careless  # type: ignore[method-assign]


def trust_puback() -> None:
    """The agent takes the broker's word for the hub's."""
    publish = Link.publish

    async def trusting(self: Link, message: Message) -> None:
        await publish(self, message)
        if message.topic.endswith("up/readings"):
            sent = batches.decode(message.payload)
            word = Ack(sent.epoch, sent.number, sent.lines).encode()
            await publish(self, Message(message.topic.replace("up/readings", "down/ack"), word))

    Link.publish = trusting  # type: ignore[method-assign]


def stamp_again() -> None:
    """The agent stamps readings whenever it sends them."""
    publish = Link.publish

    async def stamping(self: Link, message: Message) -> None:
        if message.topic.endswith("up/readings"):
            sent = batches.decode(message.payload)
            body = _TIME.sub(b" %d\\1\n" % (time.time_ns() // 10**6), sent.body)
            message = Message(message.topic, Batch(sent.epoch, sent.number, sent.lines, body).encode())
        await publish(self, message)

    Link.publish = stamping  # type: ignore[method-assign]


def no_lock() -> None:
    """Two agents may have one spool."""

    def unlocked(path: Path) -> int:
        return os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)

    spool_file.lock = unlocked


VARIANTS: dict[str, Callable[[], None]] = {
    v.__name__: v for v in (ack_before_write, drop_on_refusal, trust_puback, stamp_again, no_lock)
}


def _stay(order: Order) -> NoReturn:
    """Run the agent in this process: another one would be whole again."""
    sys.exit(run(order))


def main() -> None:
    """Break it and run it."""
    variant, program, *rest = sys.argv[1:]
    VARIANTS[variant]()
    agent.become = _stay  # type: ignore[assignment]
    sys.argv = [program, *rest]
    (agent if program == "agent" else hub).main()


if __name__ == "__main__":
    main()
