"""InfluxDB 1.6 and later, as Debian has it: /write and /query."""

from __future__ import annotations

from collections.abc import Sequence

from hub.stores.influx_http import InfluxHttp
from hub.stores.store import SINCE_EVER, Row


class Influx1:
    """Store: has a write on its disk when it answers 204 (measured: a kill right after the answer loses nothing)."""

    durable_after = 0.0

    def __init__(self, url: str, database: str, *, username: str | None = None, password: str | None = None) -> None:
        """Connect lazily; with a user name every request is authenticated."""
        auth = (username, password or "") if username else None
        self._http = InfluxHttp(url, database, {}, auth)
        self.name = f"{self._http.server}, database {database}"

    async def prepare(self) -> None:
        """Create the database; InfluxDB says yes if it is there already."""
        await self._http.create_database()

    async def running_since(self) -> float:
        """See Store.running_since."""
        return SINCE_EVER

    async def write(self, lines: Sequence[bytes]) -> None:
        """Write; see Store.write."""
        await self._http.write(lines)

    async def query(self, statement: str) -> list[Row]:
        """Query in InfluxQL; see Store.query."""
        return await self._http.query(statement)

    async def close(self) -> None:
        """Close the connection."""
        await self._http.close()
