"""The one door to httpx: InfluxDB's /write and /query, which 1.x, 2.x and 3.x all serve."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from hub.errors import Hold, QueryRefused, TooSlow, TryAgain
from hub.stores.store import Row
from hub.stores.verdict import judge

_LOG = logging.getLogger(__name__)
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
RUNNING = "is it running, is its url right?"
"""What to look at where a server is out of reach."""

_UNAUTHORISED = 401
_SERVER_FAULT = 500
_REFUSED = (400, 413, 422)
_SHOWN = 200
_UPTIME = re.compile(r"^vm_app_uptime_seconds (\d+)", re.MULTILINE)


class InfluxHttp:
    """A keep-alive connection to one server and database."""

    def __init__(self, url: str, database: str, headers: Mapping[str, str], auth: tuple[str, str] | None) -> None:
        """Connect lazily, at the first request."""
        self._database = database
        self.server = f"InfluxDB at {url}"
        self._client = httpx.AsyncClient(base_url=url, headers=dict(headers), auth=auth, timeout=_TIMEOUT)

    async def write(self, lines: Sequence[bytes]) -> None:
        """Post lines to /write; raises what `judge` finds."""
        parameters = {"db": self._database, "precision": "ns"}
        answer = await self._ask("POST", "/write", parameters, content=b"".join(lines))
        judge(answer.status_code, answer.text, answer.headers.get("retry-after"), server=self.server)

    async def create_database(self) -> None:
        """Create the database; a user that may only write may not, and the first write tells whether it is there."""
        answer = await self._ask("POST", "/query", {"q": f'CREATE DATABASE "{self._database}"'})
        if answer.status_code == _UNAUTHORISED or answer.status_code >= _SERVER_FAULT:
            judge(answer.status_code, answer.text, None, server=self.server)
        if '"error"' in answer.text:
            _LOG.info("%s does not create %r: %s", self.server, self._database, answer.text.strip()[:_SHOWN])

    async def query(self, statement: str) -> list[Row]:
        """Return the rows of all series of an InfluxQL statement, times in nanoseconds, tags as columns."""
        answer = await self._ask("POST", "/query", {"db": self._database, "epoch": "ns", "q": statement})
        if answer.status_code in _REFUSED:
            raise QueryRefused(answer.text.strip())
        if not answer.is_success:
            judge(answer.status_code, answer.text, None, server=self.server)
        try:
            return _rows(answer.json())
        except (ValueError, KeyError, TypeError) as error:
            raise QueryRefused(f"{self.server} does not answer with rows: {answer.text[:_SHOWN]!r}") from error

    async def uptime(self) -> int:
        """Return for how many seconds VictoriaMetrics has run; raises TryAgain, or Hold where it does not tell."""
        answer = await self._ask("GET", "/metrics")
        if answer.status_code >= _SERVER_FAULT:
            raise TryAgain(f"{self.server} answers {answer.status_code} to /metrics")
        found = _UPTIME.search(answer.text)
        if found is None:
            raise Hold(
                f"{self.server} answers {answer.status_code} to /metrics and does not tell since when it runs, so "
                "nothing that it takes is sure; open /metrics to the hub, or set durable_after = 0 to do without"
            )
        return int(found[1])

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def _ask(
        self, method: str, path: str, parameters: Mapping[str, str] | None = None, content: bytes = b""
    ) -> httpx.Response:
        try:
            return await self._client.request(method, path, params=dict(parameters or {}), content=content)
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise TooSlow(f"{self.server} does not answer in time: {type(error).__name__}") from error
        except httpx.RequestError as error:
            raise TryAgain(f"{self.server} is out of reach: {type(error).__name__} {error}; {RUNNING}") from error


def _rows(said: Any) -> list[Row]:
    rows: list[Row] = []
    for result in said["results"]:
        if "error" in result:
            raise QueryRefused(result["error"])
        for series in result.get("series", ()):
            tags = series.get("tags", {})
            rows += [tags | dict(zip(series["columns"], values, strict=True)) for values in series.get("values", ())]
    return rows
