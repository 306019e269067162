"""The hub feeds its watchdog by progress alone: who hangs starves it, who waits for a store or a broker does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import Hold
from service.mqtt import Link, Message
from telemetry.topic import Channel, topic
from tests.hub.kit import PLACE, FakeStore, batch, lines, player, running, settings, until
from tests.support import watchdog
from tests.support.notifications import NotifySocket
from tests.support.servers import Server, free_port
from tests.support.watchdog import fed, starves


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotifySocket]:
    monkeypatch.setattr("hub.writer._IDLE_SECONDS", 0.1)
    with watchdog.quick(monkeypatch) as heard:
        yield heard


async def test_a_store_that_never_answers_starves_the_watchdog_and_is_named(
    tmp_path: Path, broker: Server, systemd: NotifySocket, caplog: pytest.LogCaptureFixture
) -> None:
    store = FakeStore()
    async with running(settings(broker.port, tmp_path), store) as hub, player(broker) as agent:
        await agent.deliver(batch(1, lines(5)))
        await fed(systemd)
        store.gate.clear()
        await agent.say(batch(2, lines(5, first=5)))
        await starves(hub._progress, systemd, "writer")
        store.gate.set()
        await fed(systemd)
    assert sum("stuck: writer" in record.getMessage() for record in caplog.records) == 1


async def test_an_acknowledgement_that_is_never_taken_starves_the_watchdog(
    tmp_path: Path, broker: Server, systemd: NotifySocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, free = Link.publish, asyncio.Event()

    async def hang(link: Link, message: Message) -> None:
        if message.topic == topic(PLACE, Channel.ACK):
            await free.wait()
        await publish(link, message)

    async with running(settings(broker.port, tmp_path), FakeStore()) as hub, player(broker) as agent:
        await agent.deliver(batch(1, lines(5)))
        monkeypatch.setattr(Link, "publish", hang)
        await agent.say(batch(2, lines(5, first=5)))
        await starves(hub._progress, systemd, "acks")
        free.set()
        await fed(systemd)


async def test_a_store_that_needs_a_person_and_a_missing_broker_do_not_starve_the_watchdog(
    tmp_path: Path, systemd: NotifySocket
) -> None:
    """Starting the hub anew would mend neither."""
    store = FakeStore()
    store.prepare = _refused  # type: ignore[method-assign]  # the store's mood is the test's
    async with running(settings(free_port(), tmp_path), store) as hub:
        await until(lambda: hub.alarm.why, "an alarm")
        await asyncio.sleep(1.0)
        await fed(systemd)


async def _refused() -> None:
    raise Hold("wrong token")
