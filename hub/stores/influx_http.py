"""The one door to httpx: InfluxDB's /write and /query, which 1.x, 2.x and 3.x all serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from hub.errors import QueryRefused, TryAgain
from hub.stores.store import Row
from hub.stores.verdict import judge

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_UNAUTHORISED = 401
_SERVER_FAULT = 500
_REFUSED = (400, 413, 422)
_SHOWN = 200


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
        answer = await self._post("/write", parameters, content=b"".join(lines))
        judge(answer.status_code, answer.text, answer.headers.get("retry-after"), server=self.server)

    async def create_database(self) -> None:
        """Create the database; a user that may only write may not, and the first write tells whether it is there."""
        answer = await self._post("/query", {"q": f'CREATE DATABASE "{self._database}"'})
        if answer.status_code == _UNAUTHORISED or answer.status_code >= _SERVER_FAULT:
            judge(answer.status_code, answer.text, None, server=self.server)

    async def query(self, statement: str) -> list[Row]:
        """Return the rows of all series of an InfluxQL statement, times in nanoseconds, tags as columns."""
        answer = await self._post("/query", {"db": self._database, "epoch": "ns", "q": statement})
        if answer.status_code in _REFUSED:
            raise QueryRefused(answer.text.strip())
        judge(answer.status_code, answer.text, None, server=self.server)
        try:
            return _rows(answer.json())
        except (ValueError, KeyError, TypeError) as error:
            raise QueryRefused(f"{self.server} does not answer with rows: {answer.text[:_SHOWN]!r}") from error

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def _post(self, path: str, parameters: Mapping[str, str], content: bytes = b"") -> httpx.Response:
        try:
            return await self._client.post(path, params=dict(parameters), content=content)
        except httpx.RequestError as error:
            raise TryAgain(f"{self.server} is out of reach: {type(error).__name__} {error}") from error


def _rows(said: Any) -> list[Row]:
    rows: list[Row] = []
    for result in said["results"]:
        if "error" in result:
            raise QueryRefused(result["error"])
        for series in result.get("series", ()):
            tags = series.get("tags", {})
            rows += [tags | dict(zip(series["columns"], values, strict=True)) for values in series.get("values", ())]
    return rows
