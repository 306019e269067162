"""InfluxDB 2 and 3 and VictoriaMetrics: the v2 write endpoint through influxdb-client, reads in InfluxQL.

The client writes synchronously with its own retries off: its batching mode drops what it cannot deliver.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator, Sequence

import urllib3
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from hub.errors import Hold, TooSlow, TryAgain
from hub.stores.influx_http import RUNNING, InfluxHttp
from hub.stores.store import SINCE_EVER, Row
from hub.stores.verdict import judge

_LOG = logging.getLogger(__name__)
_TIMEOUT_MS = 10_000
_UNAUTHORISED = 401
_SERVER_FAULT = 500
_NONSENSE = (AttributeError, TypeError, ValueError)
"""What the client raises over an answer of another form than InfluxDB's."""


class Influx2:
    """Store: a bucket of an organisation, by token."""

    def __init__(self, url: str, org: str, bucket: str, token: str, *, durable_after: float = 0.0) -> None:
        """Connect lazily; `durable_after` is the seconds after a yes until a write survives a crash."""
        self._org = org
        self._bucket = bucket
        self._client = InfluxDBClient(url, token, org=org, timeout=_TIMEOUT_MS, retries=False)
        self._writes = WriteService(self._client.api_client)
        self._http = InfluxHttp(url, bucket, {"Authorization": f"Token {token}"} if token else {}, None)
        self.name = f"{self._http.server}, bucket {bucket}"
        self.durable_after = durable_after

    async def prepare(self) -> None:
        """Create the bucket if it is missing and the token may.

        A token that may only write sees no bucket and may make none, and a server that makes buckets by itself knows no
        such call; the first write then tells whether the bucket is there. Raises Hold for an unknown token, and where
        nothing that is written could ever be acknowledged.
        """
        await asyncio.to_thread(self._create_bucket)
        await self.running_since()

    def _create_bucket(self) -> None:
        buckets = self._client.buckets_api()
        with self._tolerated(but=_UNAUTHORISED):
            if buckets.find_bucket_by_name(self._bucket) is not None:
                return
        with self._tolerated():
            forever = BucketRetentionRules(every_seconds=0)
            buckets.create_bucket(bucket_name=self._bucket, org=self._org, retention_rules=forever)

    @contextlib.contextmanager
    def _tolerated(self, but: int | None = None) -> Iterator[None]:
        """Let a server refuse to tell or make buckets, `but` for one status; raises what is a server's own trouble."""
        try:
            yield
        except ApiException as error:
            if int(error.status or 0) >= _SERVER_FAULT or error.status == but:
                self._judge(error)
        except urllib3.exceptions.HTTPError as error:
            raise self._out_of_reach(error) from error
        except (InfluxDBError, *_NONSENSE) as error:  # no such organisation, or not InfluxDB that answers
            _LOG.debug("%s does not tell its buckets: %r", self.name, error)

    async def running_since(self) -> float:
        """See Store.running_since."""
        if self.durable_after <= 0:
            return SINCE_EVER
        uptime = await self._http.uptime()
        return time.monotonic() - uptime

    async def write(self, lines: Sequence[bytes]) -> None:
        """Write; see Store.write."""
        await asyncio.to_thread(self._write, b"".join(lines))

    def _write(self, body: bytes) -> None:
        try:
            _, status, _ = self._writes.post_write_with_http_info(
                self._org, self._bucket, body, precision="ns", content_type="text/plain; charset=utf-8"
            )
        except ApiException as error:
            self._judge(error)
        except (urllib3.exceptions.HTTPError, UnicodeDecodeError) as error:
            raise self._out_of_reach(error) from error
        else:
            judge(status, "", None, server=self._http.server)

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
        if _timed_out(error):
            return TooSlow(f"{self._http.server} does not answer in time: {type(error).__name__}")
        return TryAgain(f"{self._http.server} is out of reach: {type(error).__name__} {error}; {RUNNING}")


def _timed_out(error: Exception) -> bool:
    """Tell whether a server took too long that was connected already."""
    is_cut_short = isinstance(error, urllib3.exceptions.ProtocolError) and isinstance(error.args[-1], TimeoutError)
    return is_cut_short or isinstance(error, urllib3.exceptions.ReadTimeoutError)
