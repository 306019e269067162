"""What the demo shows: the figures of agent, hub, store and simulator at one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.demo.processes import read_json
from hub.errors import QueryRefused, TryAgain
from hub.stores.store import Store
from telemetry.quantity import Family

Tally = dict[tuple[str, str], int]
"""Counts by class and direction."""

_COUNTED = 'SELECT "class", direction, sum("count") AS n FROM crossing GROUP BY ALL'
_ALL_ROWS = " + ".join(f"(SELECT count(*) FROM \"{f}\" WHERE sensor <> 'link')" for f in Family)  # noqa: S608  our names


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the demo."""

    agent: Mapping[str, Any] = field(default_factory=dict)
    hub: Mapping[str, Any] = field(default_factory=dict)
    stored: int | None = None
    """Rows that the store counts itself, None where it did not answer."""
    counted: Tally = field(default_factory=dict)
    truth: Tally = field(default_factory=dict)

    @property
    def committed(self) -> int:
        """Readings that the agent committed to its spool."""
        return int(self.agent.get("committed", 0))

    @property
    def waiting(self) -> int:
        """Readings of which the spool says that they wait for the hub's word."""
        waiting = self.agent.get("waiting", {})
        return int(waiting.get("readings", 0)) + int(waiting.get("undated", 0))

    @property
    def acknowledged(self) -> int:
        """Readings of which the agent has heard that they are stored."""
        return int(self.agent.get("stored", 0))


class Observer:
    """Looks at the status files and the store; the truth counts from the moment the agent's camera is live."""

    def __init__(self, folder: Path, store: Store) -> None:
        """Take the demo's folder and its store."""
        self._folder = folder
        self._store = store
        self._before: Tally | None = None

    async def look(self, hub: Mapping[str, Any], *, within: float | None = None) -> Scene:
        """Return the present scene; a store that does not answer, or not within so many seconds, is left out."""
        agent = read_json(self._folder / "agent.json")
        truth = _tally(read_json(self._folder / "truth.json").get("counts", {}))
        if self._before is None and any(s["sensor"] == "cam-north" and s["frames"] for s in agent.get("sources", ())):
            self._before = truth
        since = {key: n - self._before.get(key, 0) for key, n in truth.items()} if self._before is not None else {}
        try:
            async with asyncio.timeout(within):
                rows = await self._store.query(f"SELECT {_ALL_ROWS} AS n")
                counted = await self._store.query(_COUNTED)
        except (TimeoutError, TryAgain, QueryRefused):
            return Scene(agent, hub, truth=since)
        by_class = {(row["class"], row["direction"]): int(row["n"]) for row in counted}
        return Scene(agent, hub, int(rows[0]["n"]), by_class, since)


def _tally(counts: Mapping[str, Mapping[str, int]]) -> Tally:
    return {(kind, way): n for kind, ways in counts.items() for way, n in ways.items()}
