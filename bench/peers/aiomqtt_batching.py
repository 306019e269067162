"""Peer (i): an aiomqtt subscriber that writes with influxdb-client's batching WriteApi.

The write options are those of influxdb-client's README, the reconnecting loop is that of aiomqtt's documentation, with
a persistent session (clean_session=False) so that the broker keeps what comes while the subscriber is away.
"""

from __future__ import annotations

import asyncio
import json

import aiomqtt
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point
from influxdb_client.client.write_api import WriteApi, WriteOptions

from bench.peers.command import main, until_sigterm

_INTERVAL = 1
_OPTIONS = WriteOptions(
    batch_size=500,
    flush_interval=10_000,
    jitter_interval=2_000,
    retry_interval=5_000,
    max_retries=5,
    max_retry_delay=30_000,
    max_close_wait=300_000,
    exponential_base=2,
)


def _point(payload: bytes) -> Point:
    said = json.loads(payload)
    point = Point("air")
    point.tag("agent", "se-1").tag("sensor", said["sensor"])
    point.field("pm2_5", said["pm2_5"]).field("pm10", said["pm10"]).time(said["time"])
    return point


async def subscribe(broker: int, write_api: WriteApi) -> None:
    """Write what is published until cancelled."""
    client = aiomqtt.Client("127.0.0.1", broker, identifier="subscriber", clean_session=False)
    while True:
        try:
            async with client:
                await client.subscribe("readings/#", qos=1)
                print("subscribed", flush=True)
                async for message in client.messages:
                    if isinstance(message.payload, bytes):
                        write_api.write(bucket="simpang", record=_point(message.payload))
        except aiomqtt.MqttError:
            await asyncio.sleep(_INTERVAL)


async def run(broker: int, url: str) -> None:
    """Run until SIGTERM, and then flush."""
    with (
        InfluxDBClient(url=url, token="none", org="simpang") as client,  # noqa: S106  the database asks for none
        client.write_api(write_options=_OPTIONS) as write_api,
    ):
        await until_sigterm(subscribe(broker, write_api))


if __name__ == "__main__":
    main(run)
