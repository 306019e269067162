"""Thousands of agents as far as broker and hub can tell: raw MQTT clients in one process, with the agent's patience.

Each sends one batch, waits for the hub's word on it, sends it again if none comes, and only then makes the next. The
process reads commands on its standard input and says on its output, as JSON lines, how many are there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import resource
import sys
import time
from dataclasses import dataclass

from service.backoff import Backoff
from tests.faults import mqtt_frames
from tests.faults.mqtt_frames import Splitter

_LONGEST_WAIT = 20.0
"""The agent's own, see edge_agent/delivery/uplink.py."""


@dataclass
class Tally:
    """What all clients together did."""

    online: int = 0
    connects: int = 0
    emitted: int = 0
    acknowledged: int = 0
    resent: int = 0


@dataclass
class Plan:
    """How a client behaves."""

    port: int
    lines: int
    every: float
    resend: float
    last: bool = False
    """Make no further batches, and end when the present one is acknowledged."""


class Client:
    """One agent."""

    def __init__(self, name: str, plan: Plan, tally: Tally) -> None:
        self.name, self._plan, self._tally = name, plan, tally
        self._batch = 0
        self._pending: bytes | None = None
        self._acked = asyncio.Event()
        self._up = f"simpang/v1/crowd/{name}/up/readings"
        self._packets = 0

    async def run(self) -> None:
        """Connect and deliver until the last batch is acknowledged."""
        backoff = Backoff(longest=_LONGEST_WAIT)
        await asyncio.sleep(random.uniform(0, _LONGEST_WAIT / 2))
        while not (self._plan.last and self._pending is None):
            try:
                await self._session(backoff)
            except OSError:
                await asyncio.sleep(backoff.failed())

    async def _session(self, backoff: Backoff) -> None:
        async with asyncio.timeout(15):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._plan.port)
            writer.write(mqtt_frames.connect(f"simpang/crowd/{self.name}", keepalive=600))
            writer.write(mqtt_frames.subscribe(1, f"simpang/v1/crowd/{self.name}/down/ack", qos=1))
            if not await reader.read(4):
                raise ConnectionError
        backoff.succeeded()
        self._tally.online += 1
        self._tally.connects += 1
        listening = asyncio.create_task(self._listen(reader, writer))
        try:
            await self._deliver(writer, listening)
        finally:
            self._tally.online -= 1
            listening.cancel()
            writer.transport.abort()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        splitter = Splitter()
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                for raw in splitter.feed(data):
                    said = mqtt_frames.published(raw)
                    if said is not None:
                        writer.write(mqtt_frames.puback(said.number))
                        self._heard(said.payload)

    def _heard(self, payload: bytes) -> None:
        said = json.loads(payload)
        if self._pending is not None and said["batch"] == self._batch and said["stored"] == self._plan.lines:
            self._pending = None
            self._tally.acknowledged += self._plan.lines
            self._acked.set()

    async def _deliver(self, writer: asyncio.StreamWriter, listening: asyncio.Task[None]) -> None:
        while not (self._plan.last and self._pending is None):
            if self._pending is None:
                self._make()
            elif self._packets:
                self._tally.resent += 1
            self._packets = self._packets % 65_000 + 1
            writer.write(mqtt_frames.publish(self._up, self._pending or b"", self._packets))
            await self._wait(listening, self._plan.resend * random.uniform(0.8, 1.25))
            if self._pending is None and not self._plan.last:
                self._acked.clear()
                await self._wait(listening, self._plan.every * random.uniform(0.5, 1.5))

    async def _wait(self, listening: asyncio.Task[None], seconds: float) -> None:
        """Wait for the hub's word or the time; raises ConnectionError where the link ends."""
        acked = asyncio.create_task(self._acked.wait())
        try:
            await asyncio.wait((acked, listening), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            acked.cancel()
        if listening.done():
            raise ConnectionError

    def _make(self) -> None:
        """Make the next batch; seq goes on from the one before."""
        first = self._batch * self._plan.lines
        self._batch += 1
        now = time.time_ns() // 10**6
        body = "".join(
            f"air,site=crowd,agent={self.name},sensor=dust pm2_5={seq % 9000 / 10},quality=0i,seq={seq}i "
            f"{now * 10**6 + seq}\n"
            for seq in range(first, first + self._plan.lines)
        )
        header = f"# simpang/1 epoch={0xC0FFEE:016x} batch={self._batch} lines={self._plan.lines}\n"
        self._pending = (header + body).encode()
        self._acked.clear()
        self._tally.emitted += self._plan.lines


async def _commands(plan: Plan) -> None:
    """Make no further batches once standard input says a word or ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.readline()
    plan.last = True


async def _report(tally: Tally) -> None:
    while True:
        print(json.dumps(vars(tally)), flush=True)
        await asyncio.sleep(0.5)


async def _crowd(plan: Plan, clients: int) -> None:
    tally = Tally()
    around = [asyncio.create_task(_report(tally)), asyncio.create_task(_commands(plan))]
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(Client(f"a-{number}", plan, tally).run())
    for task in around:
        task.cancel()
    print(json.dumps(vars(tally)), flush=True)


def main() -> None:
    """Run the crowd."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--lines", type=int, default=1)
    parser.add_argument("--every", type=float, default=30.0)
    parser.add_argument("--resend", type=float, default=20.0)
    said = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_crowd(Plan(said.port, said.lines, said.every, said.resend), said.clients))


if __name__ == "__main__":
    main()
