"""Whole hubs on a real broker: what agents say is stored once, acknowledged after, and survives every death."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from hub import hub as hubs
from hub.config import Influx1Store, Registered
from hub.errors import Hold
from hub.hub import Hub
from hub.stores.embedded import Embedded
from hub.stores.influx1 import Influx1
from service.backoff import Backoff
from service.mqtt import BrokerLost, Message
from telemetry.ack import Ack
from telemetry.batch import Batch
from telemetry.reading import Place
from telemetry.status import State
from telemetry.topic import Channel, topic
from tests.hub.kit import EPOCH, PLACE, FakeStore, batch, line, lines, player, running, settings, until
from tests.support.servers import Server

OTHER = Place("sekolah-2", "sd-2")


async def rows(folder: Path, statement: str) -> list[dict[str, object]]:
    """Return what a statement finds in the embedded store after the hub let it go."""
    store = Embedded(folder / "city.duckdb")
    await store.prepare()
    try:
        return [dict(row) for row in await store.query(statement)]
    finally:
        await store.close()


async def test_what_an_agent_says_is_stored_once_and_acknowledged(tmp_path: Path, broker: Server) -> None:
    async with running(settings(broker.port, tmp_path)), player(broker) as agent:
        for number in range(5):
            ack = await agent.deliver(batch(number, lines(20, first=20 * number)))
            assert ack == Ack(EPOCH, number, 20)
        assert (await agent.deliver(batch(3, lines(20, first=60)))).stored == 20
    found = await rows(tmp_path, "SELECT site, agent, sensor, seq, pm2_5 FROM air ORDER BY seq")
    assert [row["seq"] for row in found] == list(range(100))
    assert {(row["site"], row["agent"], row["sensor"], row["pm2_5"]) for row in found} == {
        ("simpang-empat", "se-1", "dust", 12.3)
    }


async def test_no_acknowledgement_before_the_store_says_yes(tmp_path: Path, broker: Server) -> None:
    store = FakeStore()
    store.gate.clear()
    async with running(settings(broker.port, tmp_path), store) as hub, player(broker) as agent:
        said = batch(1, lines(5))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await agent.deliver(said)
        assert store.tries
        assert hub.acks.said == 0
        store.gate.set()
        assert (await agent.deliver(said)).stored == 5
    assert store.closed == 1


async def test_bad_lines_and_strangers_leave_good_lines_alone(tmp_path: Path, broker: Server) -> None:
    said = batch(1, [line(1), b"rubbish\n", line(2), line(3, place=OTHER)])
    async with running(settings(broker.port, tmp_path)) as hub, player(broker) as agent:
        async with player(broker, OTHER) as stranger:
            await stranger.say(batch(1, lines(3, place=OTHER)))
        ack = await agent.deliver(said)
        assert ack.stored == 2
        assert [dead.line for dead in ack.dead] == [2, 4]
        assert hub.figures()["written"]["dead"] == 2
    letters = [json.loads(text) for text in (tmp_path / "dead-letter.jsonl").read_text().splitlines()]
    assert {letter["line"] for letter in letters} >= {2, 4}
    assert await rows(tmp_path, "SELECT DISTINCT agent FROM air") == [{"agent": "se-1"}]


HOSTILE = [
    b"",
    b"\x00" * 10_000,
    b"# simpang/1 epoch=5f0c91d2a7b3e846 batch=1 lines=999999\n",
    batch(1, lines(30)).encode()[:-9],
    Batch(EPOCH, 1, 500_000, b"x\n" * 500_000).encode(),
]


async def test_hostile_messages_do_not_disturb_an_honest_agent(tmp_path: Path, broker: Server) -> None:
    async with running(settings(broker.port, tmp_path)) as hub, player(broker) as agent:
        for payload in HOSTILE:
            await agent.link.publish(Message(topic(PLACE, Channel.READINGS), payload))
            await agent.link.publish(Message(topic(PLACE, Channel.STATUS), payload, retain=True))
            for foreign in ("simpang/v1/a/b/up/readings", "simpang/v1/A B/se-1/up/readings", "other"):
                await agent.link.publish(Message(foreign, payload))
        assert (await agent.deliver(batch(1, lines(20)))).stored == 20
        await until(lambda: hub.figures()["heard"].get("batches"), "the honest batch")
    assert len(await rows(tmp_path, "SELECT seq FROM air")) == 20
    assert await rows(tmp_path, "SELECT DISTINCT agent FROM air") == [{"agent": "se-1"}]


async def test_presence_is_stored_also_what_was_retained_before_the_hub_came(tmp_path: Path, broker: Server) -> None:
    store = FakeStore()
    async with player(broker) as agent:
        await agent.say_status(b'{"state": "online", "version": "1", "since": "now"}')
        async with running(settings(broker.port, tmp_path), store):
            await until(lambda: any(b" online=1i," in said for said in store.stored()), "the retained state")
            await agent.say_status(b'{"state": "lost", "version": "1", "since": "now"}')
            await until(lambda: any(b" online=0i," in said for said in store.stored()), "the loss")


async def test_two_hubs_in_one_group_share_the_work_and_store_each_reading_once(
    tmp_path: Path, broker: Server, influx1: Server
) -> None:
    store = Influx1Store(kind="influxdb1", url=influx1.url)
    wanted = settings(broker.port, tmp_path, store=store, share_group="kota")
    async with running(wanted) as one, running(wanted) as two, player(broker) as agent:
        await until(lambda: one.figures()["online"] and two.figures()["online"], "both hubs")
        for number in range(20):
            assert (await agent.deliver(batch(number, lines(10, first=10 * number)))).stored == 10
        shares = [hub.inlet.heard["batches"] for hub in (one, two)]
        assert sum(shares) == agent.spoken
        assert min(shares) > 0
    reader = Influx1(influx1.url, "simpang")
    assert [row["seq"] for row in await reader.query("SELECT seq FROM air")] == list(range(200))
    await reader.close()


async def test_two_hubs_without_a_group_only_say_it_twice(tmp_path: Path, broker: Server) -> None:
    store = FakeStore()
    wanted = settings(broker.port, tmp_path)
    async with running(wanted, store) as one, running(wanted, store) as two, player(broker) as agent:
        await until(lambda: one.figures()["online"] and two.figures()["online"], "both hubs")
        said = batch(1, lines(10))
        assert await agent.deliver(said) == await agent.ack_of(said)
        assert one.figures()["online"]
        assert two.figures()["online"]
    assert store.stored() == set(lines(10))


async def test_a_killed_broker_costs_nothing(tmp_path: Path, broker: Server) -> None:
    async with running(settings(broker.port, tmp_path)) as hub:
        async with player(broker) as agent:
            await agent.deliver(batch(1, lines(10)))
        broker.kill()
        await until(lambda: not hub.figures()["online"], "the loss of the broker")
        broker.start()
        async with player(broker) as agent:
            assert (await agent.deliver(batch(2, lines(10, first=10)))).stored == 10
        assert hub.figures()["online"]
    assert len(await rows(tmp_path, "SELECT seq FROM air")) == 20


async def test_an_acknowledgement_outlives_the_broker_that_should_have_carried_it(
    tmp_path: Path, broker: Server
) -> None:
    store = FakeStore()
    store.gate.clear()
    said = batch(1, lines(10))
    async with running(settings(broker.port, tmp_path), store) as hub:
        await until(lambda: hub.figures()["online"], "the hub")
        async with player(broker) as agent:
            await agent.say(said)
            await asyncio.wait_for(store.tried.wait(), 20)
        broker.kill()
        await until(lambda: not hub.figures()["online"], "the loss of the broker")
        broker.start()
        async with player(broker) as agent:
            store.gate.set()
            assert await agent.ack_of(said) == Ack(EPOCH, 1, 10)


async def test_many_agents_at_once(tmp_path: Path, broker: Server) -> None:
    places = [Place("kota", f"a-{number}") for number in range(10)]
    store = FakeStore()
    wanted = settings(broker.port, tmp_path, registration="open", agent=[])

    async def deliver(place: Place) -> int:
        async with player(broker, place) as agent:
            acks = [await agent.deliver(batch(n, lines(10, first=10 * n, place=place))) for n in range(5)]
            return sum(ack.stored for ack in acks)

    async with running(wanted, store):
        assert await asyncio.gather(*map(deliver, places)) == [50] * 10
    assert store.stored() == {said for place in places for said in lines(50, place=place)}


async def test_a_store_in_need_of_a_person_is_in_the_figures(
    tmp_path: Path, broker: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.writer._HOLD_SECONDS", 0.05)
    store = FakeStore(script=(Hold("check the token") for _ in iter(int, 1)))
    async with running(settings(broker.port, tmp_path), store) as hub, player(broker) as agent:
        await until(lambda: hub.figures()["online"], "the hub")
        await agent.say(batch(1, lines(3)))
        await until(lambda: hub.figures()["alarm"] == "check the token", "the alarm")
        assert hub.figures()["acknowledged"] == 0
        store.script = iter(())
        assert (await agent.deliver(batch(1, lines(3)))).stored == 3
        assert hub.figures()["alarm"] == ""


async def test_a_hub_that_stops_closes_its_store_and_leaves_the_rest_to_the_agents(
    tmp_path: Path, broker: Server
) -> None:
    store = FakeStore()
    store.gate.clear()
    async with player(broker) as agent:
        async with running(settings(broker.port, tmp_path), store) as hub:
            await until(lambda: hub.figures()["online"], "the hub")
            await agent.say(batch(1, lines(3)))
            await asyncio.wait_for(store.tried.wait(), 20)
        assert store.closed == 1
        assert hub.acks.said == 0
        async with running(settings(broker.port, tmp_path)):
            assert (await agent.deliver(batch(1, lines(3)))).stored == 3


async def test_the_wait_between_two_tries_of_the_broker_is_a_second_at_least(
    tmp_path: Path, broker: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broker.stop()
    hub = Hub(settings(broker.port, tmp_path), store=FakeStore())
    waits: list[float] = []
    stop = asyncio.Event()

    async def sleep(loop: str, seconds: float) -> None:
        waits.append(seconds)
        if len(waits) >= 30:
            stop.set()
        await asyncio.sleep(0)

    monkeypatch.setattr(hub._progress, "sleep", sleep)
    await hub.run(stop)
    assert min(waits) >= 1.0
    assert max(waits) <= hubs._LONGEST_WAIT
    said = [
        r.getMessage() for r in caplog.records if "Connection refused" in r.getMessage() and r.levelname == "WARNING"
    ]
    assert len(said) == 1
    assert "is the broker running, are host and port right?" in said[0]


async def test_two_hubs_never_share_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def connected(broker: object, *, name: str, **_: object) -> object:
        names.append(name)
        raise BrokerLost("enough")

    monkeypatch.setattr(hubs, "connected", connected)
    for _ in range(5):
        hub = Hub(settings(1, tmp_path), store=FakeStore())
        for _ in range(2):
            with pytest.raises(BrokerLost):
                await hub._session(Backoff())
    assert len(set(names)) == 5
    assert all(len(name) <= 23 for name in names)


async def test_registered_sensors_only(tmp_path: Path, broker: Server) -> None:
    known = [Registered(site=PLACE.site, agent=PLACE.agent, sensors=["dust"])]
    async with running(settings(broker.port, tmp_path, agent=known)), player(broker) as agent:
        ack = await agent.deliver(batch(1, [line(1), line(2, sensor="palsu")]))
    assert (ack.stored, [dead.why for dead in ack.dead]) == (1, ["sensor not registered: palsu"])
    assert await rows(tmp_path, "SELECT DISTINCT sensor FROM air") == [{"sensor": "dust"}]


async def test_a_status_file_that_cannot_be_written_ends_no_hub(tmp_path: Path, broker: Server) -> None:
    stop = asyncio.Event()
    store = FakeStore()
    hub = Hub(settings(broker.port, tmp_path), status_file=tmp_path / "missing" / "hub.json", store=store)
    task = asyncio.create_task(hub.run(stop))
    async with player(broker) as agent:
        assert (await agent.deliver(batch(1, lines(3)))).stored == 3
    stop.set()
    await task


async def test_a_state_is_heard_however_many_readings_wait(
    tmp_path: Path, broker: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker says it once; readings that are not heard come again."""
    monkeypatch.setattr(hubs, "_MESSAGES_QUEUED", 5)
    monkeypatch.setattr(hubs, "_ARRIVALS_BYTES", 1)
    store = FakeStore()
    store.gate.clear()
    async with running(settings(broker.port, tmp_path), store) as hub, player(broker) as agent:
        await agent.say_status(b'{"state":"online","version":"1","since":"now"}')
        await until(lambda: hub.presence.state(PLACE) is State.ONLINE, "the first state")
        for number in range(40):
            await agent.say(batch(number, lines(1, first=number)))
        await agent.say_status(b'{"state":"lost","version":"1","since":"now"}')
        await asyncio.sleep(0.5)
        store.gate.set()
        await until(lambda: hub.presence.state(PLACE) is State.LOST, "the state behind many readings")
