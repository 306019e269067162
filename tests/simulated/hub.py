"""A hub's machine in the simulated world: it is switched on, killed and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from hub.hub import Hub
from telemetry.reading import Place
from tests.simulated.adapter import hub_settings, made_hub
from tests.simulated.host import Host
from tests.simulated.process import Process
from tests.simulated.settings import Settings
from tests.simulated.store import Database, StoreClient

_RESTART_SECONDS = 2.0


class HubMachine:
    """Keeps a hub running, as systemd does."""

    def __init__(
        self, host: Host, database: Database, places: Sequence[Place], folder: Path, settings: Settings
    ) -> None:
        self.host = host
        self.hub: Hub | None = None
        self.keeper: asyncio.Task[None]
        self.process: Process | None = None
        self.restart_seconds = _RESTART_SECONDS
        self._database = database
        self._settings = hub_settings(places, folder, settings)
        self._stop = asyncio.Event()

    async def keep(self) -> None:
        """Run the hub, again and again; raises what it dies of by itself."""
        while True:
            process = self.process = Process(f"hub {self.host.name}", self.host)
            self._stop.clear()
            main = process.start(self._main())
            await asyncio.wait([main])
            self.hub = None
            if process.alive:
                main.result()
            process.kill()
            await asyncio.sleep(self.restart_seconds)
            self.restart_seconds = _RESTART_SECONDS

    async def _main(self) -> None:
        self.hub = made_hub(self._settings, StoreClient(self._database))
        await self.hub.run(self._stop)

    def kill(self, seconds: float) -> None:
        """Kill the hub."""
        self.restart_seconds = seconds
        if self.process is not None:
            self.process.kill()

    def stop(self, seconds: float) -> None:
        """Stop the hub in its order."""
        self.restart_seconds = seconds
        self._stop.set()
