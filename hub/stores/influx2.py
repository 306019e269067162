"""InfluxDB 2 and 3 and VictoriaMetrics: the v2 write endpoint through influxdb-client, reads in InfluxQL.

The client writes synchronously with its own retries off: its batching mode drops what it cannot deliver.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import urllib3
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.rest import ApiException

from hub.errors import Hold, TryAgain
from hub.stores.influx_http import InfluxHttp
from hub.stores.store import Row
from hub.stores.verdict import judge

_LOG = logging.getLogger(__name__)
_TIMEOUT_MS = 10_000
_SERVER_FAULT = 500


class Influx2:
    """Store: a bucket of an organisation, by token."""

    def __init__(self, url: str, org: str, bucket: str, token: str, *, durable_after: float = 0.0) -> None:
        """Connect lazily; `durable_after` is the seconds after a yes until a write survives a crash."""
        self._org = org
        self._bucket = bucket
        self._client = InfluxDBClient(url, token, org=org, timeout=_TIMEOUT_MS, retries=False)
        self._writes = self._client.write_api(write_options=SYNCHRONOUS)
        self._http = InfluxHttp(url, bucket, {"Authorization": f"Token {token}"} if token else {}, None)
        self.name = f"{self._http.server}, bucket {bucket}"
        self.durable_after = durable_after

    async def prepare(self) -> None:
        """Create the bucket if it is missing and the token may.

        A token that may only write, and a server that makes buckets by itself, refuse the call; the first write then
        tells whether the bucket is there.
        """
        await asyncio.to_thread(self._create_bucket)

    def _create_bucket(self) -> None:
        try:
            buckets = self._client.buckets_api()
            if buckets.find_bucket_by_name(self._bucket) is None:
                buckets.create_bucket(
                    bucket_name=self._bucket, org=self._org, retention_rules=BucketRetentionRules(every_seconds=0)
                )
        except ApiException as error:
            if int(error.status or 0) >= _SERVER_FAULT:
                self._judge(error)
        except urllib3.exceptions.HTTPError as error:
            raise self._out_of_reach(error) from error
        except (InfluxDBError, TypeError, ValueError) as error:  # no such organisation, or not InfluxDB that answers
            _LOG.debug("%s does not tell its buckets: %r", self.name, error)

    async def write(self, lines: Sequence[bytes]) -> None:
        """Write; see Store.write."""
        await asyncio.to_thread(self._write, b"".join(lines))

    def _write(self, body: bytes) -> None:
        try:
            self._writes.write(bucket=self._bucket, org=self._org, record=body)
        except ApiException as error:
            self._judge(error)
        except (urllib3.exceptions.HTTPError, UnicodeDecodeError) as error:
            raise self._out_of_reach(error) from error

    async def query(self, statement: str) -> list[Row]:
        """Query in InfluxQL; see Store.query."""
        return await self._http.query(statement)

    async def close(self) -> None:
        """Close both connections."""
        await self._http.close()
        await asyncio.to_thread(self._client.close)

    def _judge(self, error: ApiException) -> None:
        retry_after = error.headers.get("Retry-After") if error.headers else None
        status = int(error.status or 0)
        judge(status, str(error.body or error.reason or ""), retry_after, server=self._http.server)
        raise Hold(f"{self._http.server}: {error}")

    def _out_of_reach(self, error: Exception) -> TryAgain:
        return TryAgain(f"{self._http.server} is out of reach: {type(error).__name__} {error}")
