"""All that the simulation knows of the insides of agent and hub: how they are wired, and where their bounds are."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import edge_agent.delivery.committer as committer_module
import hub.acks as acks_module
import hub.hub as hub_module
from edge_agent.clock import Clock, OnceVouched, Stamp
from edge_agent.delivery.committer import Committer
from edge_agent.delivery.desk import SpoolDesk
from edge_agent.delivery.gaps import Gap
from edge_agent.delivery.metering import Meter
from edge_agent.delivery.sender import Sender
from edge_agent.delivery.spool import Spool
from edge_agent.delivery.uplink import Identity, Uplink
from edge_agent.delivery.window import Window
from edge_agent.errors import SpoolUnwritable
from edge_agent.taken import Taken
from hub.config import DeadLetter, EmbeddedStore, HubSettings, Registered
from hub.hub import Hub
from hub.stores.store import Store
from service.broker import Broker
from service.inbox import KEPT_NUMBER
from service.progress import Progress
from telemetry.reading import Place
from tests.simulated.host import Host
from tests.simulated.ledger import Violation, hold
from tests.simulated.link import ModelLink
from tests.simulated.oracle import Oracle
from tests.simulated.settings import Settings

_NOWHERE = Broker(host="127.0.0.1", port=1883)
_LAST_ACKS_SECONDS = 0.5


class WatchedSpool(Spool):
    """The spool, with the oracle looking over its shoulder."""

    def __init__(self, path: Path, place: Place, oracle: Oracle, **settings: Any) -> None:
        super().__init__(path, place, **settings)
        self._oracle = oracle
        with self._looked_at():
            oracle.opened(self.epoch, self.after(0, limit=10**9))

    def commit(self, taken: Sequence[Taken], stamp: Stamp | None, lost: Mapping[str, int] | None = None) -> int | None:
        number = super().commit(taken, stamp, lost)
        with self._looked_at():
            self._oracle.committed(self, taken, dict(lost or {}), stamp)
        return number

    def take_over(self) -> bool:
        try:
            goes_on = super().take_over()
        finally:
            is_over = not self._takeovers or self._takeovers[0].is_over
            with self._looked_at():
                self._oracle.came_over(self, is_over=is_over)
        return goes_on

    @contextlib.contextmanager
    def _looked_at(self) -> Iterator[None]:
        """Let the oracle read without meeting trouble; what it reads is not on its way to the hub."""
        lent = set(self._lent)
        with self._oracle.host.disk.unseen():
            yield
        self._lent.intersection_update(lent)

    def forget(self, number: int, missing: Sequence[Gap] = (), refused: Sequence[Gap] = ()) -> None:
        """Forget; the model store takes every gap reading, so that none is ever refused."""
        super().forget(number, missing, refused)
        hold("I5", not refused, "called refused, and taken by the store:", refused)
        self._oracle.forgets(self.epoch, number, missing)


class AgentParts:
    """One run of an agent: the parts that edge_agent/agent.py wires, without its sources."""

    def __init__(self, place: Place, host: Host, oracle: Oracle, path: Path, settings: Settings) -> None:
        """Wire everything; nothing runs and no spool is open yet."""
        self.settings = settings
        self._oracle = oracle
        self._opened: list[WatchedSpool] = []
        self.desk = SpoolDesk(lambda: self._made(path, place, oracle, host, settings))
        progress = Progress()
        vouched = OnceVouched(known=False, ask=lambda: self.desk.is_boot_dated or host.is_vouched_for())
        clock = Clock(host.wall_ns, host.monotonic_ns, vouched, settings.patience_seconds * 10**9)
        self.committer = Committer(self.desk, clock, progress, seconds=settings.commit_seconds)
        self.window = Window(settings.window, settings.resend_seconds, lambda: random.uniform(0.8, 1.25))
        identity = Identity(place, "0", "2026-06-01T00:00:00+00:00")
        meter = Meter(settings.backlog_rate)
        sender = Sender(place, self.desk, self.window, progress=progress, compress=settings.compress, meter=meter)
        self.uplink = Uplink(identity, _NOWHERE, self.desk, sender, progress=progress)
        self.committer.on_commit = self.uplink.wake

    def _made(self, path: Path, place: Place, oracle: Oracle, host: Host, settings: Settings) -> WatchedSpool:
        spool = WatchedSpool(
            path, place, oracle,
            quota=settings.quota, boot=f"boot-{host.boot}", batch_readings=settings.batch_readings,
        )  # fmt: skip
        self._opened.append(spool)
        return spool

    async def run(self, stop: asyncio.Event, feeding: Callable[[Committer], Sequence[Any]]) -> None:
        """Run until told to stop, in the order of edge_agent/agent.py."""
        with contextlib.suppress(SpoolUnwritable):
            await self.desk.open()
        async with asyncio.TaskGroup() as core:
            committing = core.create_task(self.committer.run(), name="committer")
            uplink = core.create_task(self.uplink.run(), name="uplink")
            sources = [core.create_task(work, name="source") for work in feeding(self.committer)]
            await stop.wait()
            for source in sources:
                source.cancel()
            await asyncio.gather(*sources, return_exceptions=True)
            self.committer.stop()
            await committing
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_ACKS_SECONDS if self.uplink.sent.online else 0):
                    await self.uplink.delivered.wait()
            uplink.cancel()
        await self.desk.close()

    def abandon(self) -> None:
        """Free what a killed run still holds; its files were copied before."""
        for spool in self._opened:
            with contextlib.suppress(Exception):
                Spool.close(spool)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits anywhere, and nothing has still to be told."""
        held = self.desk.held
        waits = held.batches or held.undated or self.committer._pending or self.committer._queue.qsize()
        waits = waits or self._oracle.is_coming_over
        return not waits and not self._oracle.has_to_tell

    def check_bounds(self) -> None:
        """Hold the agent's memory, queues, window and spool to their bounds (I6)."""
        committer, held, settings = self.committer, self.desk.held, self.settings
        if len(committer._pending) > committer_module._MEMORY:
            _fail("readings pending", len(committer._pending))
        if committer._queue.qsize() > committer_module._QUEUE + 1:
            _fail("readings queued", committer._queue.qsize())
        if self.window.in_flight > settings.window:
            _fail("batches in flight", self.window.in_flight)
        if held.bytes > settings.quota and held.batches > self._oracle.newest_commit:
            _fail("bytes in the spool", held.bytes)
        if held.undated * 200 > max(settings.quota, 2_000):
            _fail("readings without a date", held.undated)


def check_hub_bounds(hub: Hub, largest_batch: int) -> None:
    """Hold a hub's queues to their bounds (I6); one batch more is let in while there is room."""
    waiting = hub.inlet._arrivals._bytes
    if waiting > hub_module._ARRIVALS_BYTES + largest_batch:
        _fail("bytes of arrivals", waiting)
    if hub.acks.waiting > acks_module._MOST:
        _fail("acknowledgements", hub.acks.waiting)


def check_inbox_bound(link: ModelLink) -> None:
    """Hold what a client has heard and not read to its bound (I6)."""
    if link.inbox.qsize() > KEPT_NUMBER * link.most:
        _fail("messages heard", link.inbox.qsize())


def _fail(what: str, value: int) -> None:
    raise Violation("I6", f"{what}: {value}")


def hub_settings(places: Iterable[Place], folder: Path, settings: Settings) -> HubSettings:
    """Return the settings of a hub that knows these agents."""
    return HubSettings(
        broker=_NOWHERE,
        store=EmbeddedStore(kind="embedded", path=folder / "never.duckdb"),
        agent=[Registered(site=place.site, agent=place.agent) for place in places],
        dead_letter=DeadLetter(path=folder / "dead-letter.jsonl"),
        share_group=settings.share_group,
    )


def made_hub(settings: HubSettings, store: Store) -> Hub:
    """Return a hub of which nothing runs yet."""
    return Hub(settings, store=store)
