"""Peer (ii): Mosquitto's persistence is the only buffer; the subscriber writes each message at once and keeps nothing.

The broker runs with `persistence true` and an unlimited queue; the session is persistent. While the database does not
take a message, the subscriber tries it again and again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json

import aiomqtt
import httpx

from bench.peers.command import main, until_sigterm

BROKER = "allow_anonymous true\npersistence true\npersistence_location {folder}/\nmax_queued_messages 0\n"
"""What is set in mosquitto.conf; autosave_interval stays at its default of half an hour."""

_INTERVAL = 1
_RETRY_SECONDS = 1.0


def _line(payload: bytes) -> str:
    said = json.loads(payload)
    return f"air,agent=se-1,sensor={said['sensor']} pm2_5={said['pm2_5']},pm10={said['pm10']} {said['time']}"


async def _write(database: httpx.AsyncClient, line: str) -> None:
    while True:
        with contextlib.suppress(httpx.HTTPError):
            answer = await database.post("/write", params={"db": "simpang"}, content=line)
            if answer.is_success:
                return
        await asyncio.sleep(_RETRY_SECONDS)


async def subscribe(broker: int, database: httpx.AsyncClient) -> None:
    """Write what is published until cancelled."""
    client = aiomqtt.Client("127.0.0.1", broker, identifier="subscriber", clean_session=False)
    while True:
        try:
            async with client:
                await client.subscribe("readings/#", qos=1)
                print("subscribed", flush=True)
                async for message in client.messages:
                    if isinstance(message.payload, bytes):
                        await _write(database, _line(message.payload))
        except aiomqtt.MqttError:
            await asyncio.sleep(_INTERVAL)


async def run(broker: int, url: str) -> None:
    """Run until SIGTERM."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as database:
        await until_sigterm(subscribe(broker, database))


if __name__ == "__main__":
    main(run)
