"""The hub feeds its watchdog by progress alone: who hangs starves it, who waits for a store or a broker does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import Hold
from hub.hub import Hub
from service import progress as progress_module
from service.mqtt import Link, Message
from telemetry.topic import Channel, topic
from tests.hub.kit import PLACE, FakeStore, batch, lines, player, running, settings, until
from tests.support.notifications import NotifySocket, listening
from tests.support.servers import Server, free_port


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotifySocket]:
    """Systemd's ear; loops count as stuck after half a second and the watchdog is fed every 20 ms."""
    monkeypatch.setattr(progress_module, "PATIENCE", 0.5)
    monkeypatch.setattr(progress_module, "_SLICE", 0.1)
    monkeypatch.setattr("service.heartbeat._TICK", 0.02)
    monkeypatch.setattr("hub.writer._IDLE_SECONDS", 0.1)
    with listening() as heard:
        monkeypatch.setenv("NOTIFY_SOCKET", str(heard.path))
        yield heard


async def fed(systemd: NotifySocket) -> None:
    systemd.waiting()
    await until(lambda: any(said.startswith("WATCHDOG=1") for said in systemd.waiting()), "food for the watchdog")


async def starves(hub: Hub, systemd: NotifySocket, loop: str) -> None:
    """Wait until a loop counts as stuck, and see that from then on the watchdog is not fed."""
    await until(lambda: hub._progress.stuck() == [loop], f"a stuck {loop}")
    await asyncio.sleep(0.05)
    systemd.waiting()
    await asyncio.sleep(0.3)
    assert systemd.waiting() == []


async def test_a_store_that_never_answers_starves_the_watchdog_and_is_named(
    tmp_path: Path, broker: Server, systemd: NotifySocket, caplog: pytest.LogCaptureFixture
) -> None:
    store = FakeStore()
    async with running(settings(broker.port, tmp_path), store) as hub, player(broker) as agent:
        await agent.deliver(batch(1, lines(5)))
        await fed(systemd)
        store.gate.clear()
        await agent.say(batch(2, lines(5, first=5)))
        await starves(hub, systemd, "writer")
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
        await starves(hub, systemd, "acks")
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
