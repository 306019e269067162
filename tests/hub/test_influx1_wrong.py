"""A real InfluxDB 1.6 that is full for new names, or that is spoken to in the wrong way: no reading dies of it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.config import Influx1Store, Registered, VictoriaStore
from hub.errors import BadLines, Hold, LimitReached, StoreError, TryAgain
from hub.settling import settle_batches
from hub.stores.influx1 import Influx1
from service.backoff import Backoff
from telemetry.reading import Place
from tests.hub.kit import PLACE, batch, line, lines, opened_influx1, player, running, settings, until
from tests.support import certificates, influx, servers
from tests.support.servers import Server

OTHER = Place("sekolah-2", "sd-2")
MOST = 50


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that takes so many values of a tag, as its in-memory index counts them."""
    monkeypatch.setenv("INFLUXDB_DATA_INDEX_VERSION", "inmem")
    monkeypatch.setenv("INFLUXDB_DATA_MAX_VALUES_PER_TAG", str(MOST))
    with servers.running(servers.influxdb1(tmp_path / "full")) as server:
        influx.create_database(server)
        yield server


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[Server]:
    """A server that speaks TLS."""
    own = certificates.Authority(tmp_path).issued("influx")
    extra = f'https-enabled = true\nhttps-certificate = "{own.cert}"\nhttps-private-key = "{own.key}"\n'
    server = servers.influxdb1(tmp_path / "encrypted", extra=extra)
    with servers.running(dataclasses.replace(server, ready=servers.listens(server.port))) as server:
        yield server


def of_many_sensors(count: int, *, place: Place = PLACE, name: str = "s") -> list[bytes]:
    return [line(seq, place=place, sensor=f"{name}-{seq}") for seq in range(count)]


async def test_a_limit_is_told_from_a_bad_line(full: Server) -> None:
    async with opened_influx1(full.url) as store:
        await store.write(of_many_sensors(MOST))
        with pytest.raises(LimitReached, match="max-values-per-tag limit exceeded"):
            await store.write([line(1, sensor="satu-lagi")])
        with pytest.raises(BadLines):
            await store.write([b"rubbish\n"])
        await store.write([line(99, sensor="s-1")])


async def test_only_the_batches_that_meet_the_limit_are_left_out(full: Server) -> None:
    async with opened_influx1(full.url) as store:
        await store.write(of_many_sensors(MOST))
        good = [[line(100 * n + seq, sensor=f"s-{n}") for seq in range(10)] for n in range(16)]
        batches = [*good[:3], of_many_sensors(5, place=OTHER, name="baru"), *good[3:]]
        outcomes = await settle_batches(store.write, batches)
        assert [bool(outcome.limit) for outcome in outcomes] == [False] * 3 + [True] + [False] * 13
    stored = influx.query(full, "SELECT seq FROM air WHERE seq >= 0")
    assert len(stored) == MOST + 160 - sum(1 for said in good for one in said if one in of_many_sensors(MOST))


async def test_an_agent_with_too_many_names_holds_nobody_else(tmp_path: Path, broker: Server, full: Server) -> None:
    known = [Registered(site=place.site, agent=place.agent) for place in (PLACE, OTHER)]
    wanted = settings(broker.port, tmp_path, store=Influx1Store(kind="influxdb1", url=full.url), agent=known)
    async with running(wanted) as hub, player(broker) as honest, player(broker, OTHER) as greedy:
        assert (await honest.deliver(batch(1, lines(10)))).stored == 10
        assert (await greedy.deliver(batch(1, of_many_sensors(MOST, place=OTHER)))).stored == MOST
        flood = batch(2, of_many_sensors(MOST, place=OTHER, name="baru"))
        for number in range(2, 12):
            await greedy.say(flood)
            assert (await honest.deliver(batch(number, lines(10, first=10 * number)))).stored == 10
        assert "sekolah-2/sd-2 waits" in hub.figures()["alarm"]
        with pytest.raises(TimeoutError):
            await greedy.ack_of(flood, within=0.5)
        assert hub.figures()["written"]["dead"] == 0
    assert not (tmp_path / "dead-letter.jsonl").exists()


async def refusal(store: Influx1, said: list[bytes]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await store.write(said)
    return caught.value


async def test_plain_http_to_a_server_that_speaks_tls_is_held(encrypted: Server) -> None:
    """It hangs up right after its answer, which is then sometimes not heard."""
    async with opened_influx1(encrypted.url) as store:
        said = [await refusal(store, lines(1)) for _ in range(20)]
    answered = [error for error in said if not isinstance(error, TryAgain)]
    assert all(type(error) is Hold for error in answered)
    assert f"{encrypted.url} answers 400: Client sent an HTTP request to an HTTPS server" in str(answered[0])


@pytest.mark.parametrize("kind", ["tls", "path"])
async def test_a_wrong_address_kills_no_reading_and_acknowledges_none(
    tmp_path: Path, broker: Server, encrypted: Server, victoria: Server, kind: str
) -> None:
    by_kind: dict[str, Influx1Store | VictoriaStore] = {
        "tls": Influx1Store(kind="influxdb1", url=encrypted.url),
        "path": VictoriaStore(kind="victoriametrics", url=f"{victoria.url}/kota", durable_after=0),
    }
    store = by_kind[kind]
    async with running(settings(broker.port, tmp_path, store=store)) as hub, player(broker) as agent:
        hub.writer._backoff = Backoff(pick=lambda *_: 0.1)  # the answer is not heard each time
        await until(lambda: hub.figures()["online"], "the hub")
        await agent.say(batch(1, lines(10)))
        await until(lambda: hub.figures()["alarm"], "the alarm")
        await asyncio.sleep(0.5)
        assert store.url in hub.figures()["alarm"]
        assert hub.figures()["written"].keys() <= {"held", "retried"}
        assert hub.acks.said == 0
    assert not (tmp_path / "dead-letter.jsonl").exists()
