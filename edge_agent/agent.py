"""The agent's composition root: wires sources, spool and uplink, runs them, and stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.clock import Clock, OnceVouched, boot_id
from edge_agent.delivery.committer import Committer
from edge_agent.delivery.desk import SpoolDesk
from edge_agent.delivery.metering import Meter
from edge_agent.delivery.room import Policy
from edge_agent.delivery.sender import Sender
from edge_agent.delivery.spool import Spool
from edge_agent.delivery.uplink import Identity, Uplink
from edge_agent.delivery.window import Window
from edge_agent.errors import SpoolUnwritable
from edge_agent.ledger import Entry, Ledger
from edge_agent.report import report
from edge_agent.sources.camera import Camera
from edge_agent.sources.health import Health
from edge_agent.sources.serial_sensors import sources
from edge_agent.sources.source import Source
from edge_agent.stages.line_up import staged
from edge_agent.supervisor import Supervisor
from service import status_file
from service.heartbeat import beat
from service.notify import Notifier
from service.progress import Progress
from service.wall_clock import is_synchronised
from telemetry.reading import Place

if TYPE_CHECKING:  # what checks settings is not loaded where they are used: see lean.py
    from edge_agent.config import AgentSettings
    from edge_agent.config import Clock as ClockSettings

_LOG = logging.getLogger(__name__)
_SOURCES_SECONDS = 1.5
_LAST_ACKS_SECONDS = 0.5
_LEDGER_SECONDS = 600.0
_MEGABYTE = 1024 * 1024
_BYTES_PER_KBIT = 125


class Agent:
    """One site's computer; running it raises SpoolTaken, SpoolForeign or SpoolUnusable."""

    def __init__(self, settings: AgentSettings, *, status_file: Path | None = None) -> None:
        """Wire everything; nothing runs and no port is open yet."""
        self._settings = settings
        self._status_file = status_file
        self._progress = Progress()
        self._notifier = Notifier()
        place = Place(settings.site, settings.agent)
        self._desk = SpoolDesk(partial(_spool, settings, place))
        clock = _clock(settings.clock, is_known=lambda: self._desk.is_boot_dated)
        self._committer = Committer(self._desk, clock, self._progress, seconds=settings.spool.commit_seconds)
        self._uplink = self._made_uplink(place)
        self._committer.on_commit = self._uplink.wake
        self._serial = list(sources(settings.serial, self._progress))
        self._ledger = Ledger(
            settings.spool.path.with_suffix(".ledger.json"), [Entry(s.vitals, s.driver.memory) for s in self._serial]
        )
        self._sources = list(self._made_sources())

    def _made_uplink(self, place: Place) -> Uplink:
        settings = self._settings.uplink
        window = Window(settings.window, settings.resend_seconds, lambda: random.uniform(0.8, 1.25))
        meter = Meter(settings.backlog_kbit_s * _BYTES_PER_KBIT)
        sender = Sender(place, self._desk, window, progress=self._progress, compress=settings.compress, meter=meter)
        identity = Identity(place, version("simpang"), datetime.now(UTC).isoformat(timespec="seconds"))
        return Uplink(identity, self._settings.broker, self._desk, sender, progress=self._progress)

    def _made_sources(self) -> Iterator[Source]:
        measuring: list[Source] = [*staged(self._serial, self._settings.serial)]
        measuring += [Camera(c, self._progress) for c in self._settings.camera]
        yield from measuring
        watched = [source.vitals for source in measuring]
        yield Health(
            self._settings.health.every,
            self._settings.spool.path,
            lambda: self._desk.held,
            watched,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Run until told to stop; what is committed by then is kept."""
        _LOG.info("agent %s at %s begins", self._settings.agent, self._settings.site)
        try:
            await asyncio.to_thread(self._ledger.restore)
            await self._open_spool()
            async with asyncio.TaskGroup() as core:
                committing = core.create_task(self._committer.run(), name="committer")
                uplink = core.create_task(self._uplink.run(), name="uplink")
                beating = core.create_task(
                    beat(self._progress, self._notifier, summary=self._summary, write_status=self._write_status),
                    name="heartbeat",
                )
                keeping = core.create_task(self._keep_ledger(), name="ledger")
                running = [self._started(core, source) for source in self._sources]
                self._notifier.ready(f"{len(running)} sources")
                await stop.wait()
                self._notifier.stopping()
                await self._end_sources(running)
                self._committer.stop()
                await committing
                await self._last_acks()
                uplink.cancel()
                beating.cancel()
                keeping.cancel()
        finally:
            await self._desk.close()
            await asyncio.to_thread(self._ledger.write)
            self._write_status()
        held = self._desk.held
        _LOG.info("agent %s ends; %d readings wait in the spool", self._settings.agent, held.readings + held.undated)

    async def _open_spool(self) -> None:
        """Open the spool, or begin without: readings stay in memory until the disk lets it be opened."""
        try:
            await self._desk.open()
        except SpoolUnwritable as error:
            _LOG.error("%s; the agent begins without a spool and tries on", error)

    async def _keep_ledger(self) -> None:
        while True:
            await self._progress.sleep("ledger", _LEDGER_SECONDS)
            await asyncio.to_thread(self._ledger.write)

    def _started(self, group: asyncio.TaskGroup, source: Source) -> asyncio.Task[None]:
        supervisor = Supervisor(source, self._committer.put, self._progress)
        return group.create_task(supervisor.run(), name=f"source[{source.vitals.sensor}]")

    async def _end_sources(self, tasks: list[asyncio.Task[None]]) -> None:
        """Let the sources say their last, then cancel those that are slow."""
        for source in self._sources:
            source.end()
        _, slow = await asyncio.wait(tasks, timeout=_SOURCES_SECONDS)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    async def _last_acks(self) -> None:
        """Give the hub a moment to acknowledge the last batches; what it does not stays in the spool."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_ACKS_SECONDS if self._uplink.sent.online else 0):
                await self._uplink.delivered.wait()

    def _summary(self) -> str:
        if self._committer.refusal:
            return f"{self._committer.refusal}; {self._committer.in_memory} readings in memory"
        link = "online" if self._uplink.sent.online else f"offline ({self._uplink.sent.why})"
        return f"{self._committer.committed} readings committed, {self._desk.held.readings} waiting, {link}"

    def _write_status(self) -> None:
        if self._status_file is not None:
            vitals = [source.vitals for source in self._sources]
            status_file.write(self._status_file, report(self._committer, self._uplink.sent, self._desk.held, vitals))


def _spool(settings: AgentSettings, place: Place) -> Spool:
    """Open the spool."""
    return Spool(
        settings.spool.path,
        place,
        quota=settings.spool.quota_mb * _MEGABYTE,
        boot=boot_id(),
        batch_readings=settings.uplink.batch_readings,
        policy=Policy(
            settings.spool.thin, frozenset(settings.spool.give_up_first), frozenset(settings.spool.give_up_last)
        ),
    )


def _clock(settings: ClockSettings, *, is_known: Callable[[], bool]) -> Clock:
    """Return the system's clocks, trusted as the settings say; `is_known` tells if they were trusted in this boot."""
    if settings.trust == "rtc":
        return Clock(is_vouched_for=lambda: True)
    vouched = OnceVouched(known=False, ask=lambda: is_known() or is_synchronised())
    return Clock(is_vouched_for=vouched, patience_ns=round(settings.patience_minutes * 60 * 10**9))
