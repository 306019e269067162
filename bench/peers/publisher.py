"""A plain publisher: reads SDS011 dust sensors and publishes each reading with QoS 1, as aiomqtt's documentation shows.

It is kind to itself where the documentation leaves it open: what was read while the broker is away is kept in memory,
and what was not acknowledged is published again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import termios
import threading
import time
from collections.abc import Iterator, Sequence

import aiomqtt

_WAKE = bytes.fromhex("aab406010100000000000000000000ffff06ab")
_FRAME = 10
_INTERVAL = 1


def _frames(port: str) -> Iterator[bytes]:
    """Yield frames of ten bytes, AA C0 ... AB, with a sound checksum."""
    line = os.open(port, os.O_RDWR | os.O_NOCTTY)
    termios.tcflush(line, termios.TCIFLUSH)
    os.write(line, _WAKE)
    heard = b""
    while True:
        heard += os.read(line, 4096)
        while (start := heard.find(b"\xaa\xc0")) >= 0 and len(heard) >= start + _FRAME:
            frame, heard = heard[start : start + _FRAME], heard[start + _FRAME :]
            if frame[9] == 0xAB and sum(frame[2:8]) % 256 == frame[8]:
                yield frame


def _read(sensor: str, port: str, loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[str]) -> None:
    for frame in _frames(port):
        pm2_5, pm10 = (int.from_bytes(frame[at : at + 2], "little") / 10 for at in (2, 4))
        said = json.dumps({"sensor": sensor, "pm2_5": pm2_5, "pm10": pm10, "time": time.time_ns()})
        loop.call_soon_threadsafe(queue.put_nowait, said)


async def publish(port: int, ports: Sequence[str]) -> None:
    """Publish until killed."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str]()
    for path in ports:
        sensor = path.rsplit("/", 1)[-1]
        threading.Thread(target=_read, args=(sensor, path, loop, queue), daemon=True).start()
    client = aiomqtt.Client("127.0.0.1", port, identifier="publisher")
    pending: str | None = None
    while True:
        try:
            async with client:
                while True:
                    pending = pending or await queue.get()
                    await client.publish(f"readings/{json.loads(pending)['sensor']}", pending, qos=1)
                    pending = None
        except aiomqtt.MqttError:
            await asyncio.sleep(_INTERVAL)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", type=int, required=True)
    parser.add_argument("port", nargs="+")
    said = parser.parse_args()
    asyncio.run(publish(said.broker, said.port))


if __name__ == "__main__":
    main()
