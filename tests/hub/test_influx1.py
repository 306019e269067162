"""The store on a real InfluxDB 1.6."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from math import ceil, log2
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.errors import Hold, QueryRefused, TooLarge, TryAgain
from hub.settling import settle
from hub.stores.influx1 import Influx1
from tests.hub.kit import FakeStore, line, lines, opened_influx1
from tests.support import servers
from tests.support.servers import Server

ROOT, WRITER = ("root", "rahasia-besar"), ("penulis", "rahasia-kecil")


@pytest.fixture
async def store(influx1: Server) -> AsyncIterator[Influx1]:
    async with opened_influx1(influx1.url) as ready:
        await ready.prepare()
        yield ready


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks who it is: root may everything, the writer only write."""
    folder = tmp_path_factory.mktemp("guarded")
    with servers.running(servers.influxdb1(folder, extra="auth-enabled = true\n")) as server:
        for statement in (
            f"CREATE USER {ROOT[0]} WITH PASSWORD '{ROOT[1]}' WITH ALL PRIVILEGES",
            "CREATE DATABASE simpang",
            f"CREATE USER {WRITER[0]} WITH PASSWORD '{WRITER[1]}'",
            f"GRANT WRITE ON simpang TO {WRITER[0]}",
        ):
            httpx.post(f"{server.url}/query", params={"q": statement}, auth=ROOT).raise_for_status()
        yield server


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Server]:
    """A server that takes 4,000 bytes at once."""
    with servers.running(servers.influxdb1(tmp_path / "narrow", extra="max-body-size = 4000\n")) as server:
        yield server


async def seqs(store: Influx1) -> list[int]:
    return [row["seq"] for row in await store.query("SELECT seq FROM air")]


async def test_prepare_creates_the_database_as_often_as_asked(influx1: Server) -> None:
    async with opened_influx1(influx1.url, database="kota-baru") as store:
        for _ in range(3):
            await store.prepare()
            await store.write(lines(2))
        assert {"name": "kota-baru"} in await store.query("SHOW DATABASES")
        assert await seqs(store) == [0, 1]


async def test_rows_equal_what_was_written(store: Influx1) -> None:
    said = b"traffic,site=a,agent=b,sensor=c,line=l1,class=car count=12i,speed_mean=31.5,quality=64i,seq=7i "
    await store.write([said + b"1763740860123000007\n"])
    (row,) = await store.query("SELECT * FROM traffic")
    assert row == {
        "time": 1763740860123000007,
        "site": "a",
        "agent": "b",
        "sensor": "c",
        "line": "l1",
        "class": "car",
        "count": 12,
        "speed_mean": 31.5,
        "quality": 64,
        "seq": 7,
    }


async def test_writing_again_changes_nothing(store: Influx1) -> None:
    for said in (lines(200), lines(200), lines(200)[::-1], lines(20) * 3):
        await store.write(said)
    assert await seqs(store) == list(range(200))


async def test_tags_are_columns_of_a_grouped_query(store: Influx1) -> None:
    await store.write([line(1, sensor="utara"), line(2, sensor="utara"), line(3, sensor="selatan")])
    rows = await store.query("SELECT count(pm2_5) AS n FROM air GROUP BY sensor")
    assert {row["sensor"]: row["n"] for row in rows} == {"utara": 2, "selatan": 1}


async def test_a_type_conflict_kills_its_own_lines_only(store: Influx1) -> None:
    await store.write([line(0)])
    said = lines(64, first=1)
    bad = {0, 17, 63}
    for index in bad:
        said[index] = said[index].replace(b"pm2_5=12.3", b"pm2_5=12i")
    dead = await settle(store.write, said)
    assert set(dead) == bad
    assert all("type conflict" in why for why in dead.values())
    assert set(await seqs(store)) == set(range(65)) - {index + 1 for index in bad}


async def test_finding_one_conflict_costs_few_writes(store: Influx1) -> None:
    await store.write([line(0)])
    said = lines(500, first=1)
    said[333] = said[333].replace(b"pm2_5=12.3", b"pm2_5=12i")
    counted = FakeStore()

    async def write(some: Any) -> None:
        counted.tries.append(list(some))
        await store.write(some)

    assert set(await settle(write, said)) == {333}
    assert len(counted.tries) <= ceil(log2(500)) + 3


async def test_a_time_that_no_row_can_have_is_bad(store: Influx1) -> None:
    said = b"air,site=a,agent=b,sensor=c pm2_5=1.0,quality=0i,seq=1i 9223372036854775807\n"
    assert set(await settle(store.write, [line(1), said, line(2)])) == {1}
    assert await seqs(store) == [1, 2]


async def test_points_older_than_the_retention_policy_are_bad_the_others_stay(store: Influx1) -> None:
    await store.query('CREATE RETENTION POLICY "brief" ON "simpang" DURATION 2h REPLICATION 1 DEFAULT')
    old = line(1).replace(b"pm2_5", b"pm10")[:-20] + b"1500000000000000001\n"
    dead = await settle(store.write, [line(2), old, line(3)])
    assert set(dead) == {1}
    assert "retention" in dead[1]
    assert await seqs(store) == [2, 3]


async def test_a_missing_database_is_held_until_prepare_makes_it(influx1: Server) -> None:
    async with opened_influx1(influx1.url) as store:
        with pytest.raises(Hold, match=r"database is missing|database or bucket is missing"):
            await store.write(lines(1))
        await store.prepare()
        await store.write(lines(1))
        assert await seqs(store) == [0]


async def test_a_dropped_database_is_made_anew(store: Influx1) -> None:
    await store.write(lines(3))
    await store.query("DROP DATABASE simpang")
    with pytest.raises(Hold):
        await store.write(lines(3))
    await store.prepare()
    await store.write(lines(3))
    assert await seqs(store) == [0, 1, 2]


@pytest.mark.parametrize("user", [None, ("root", "salah"), ("siapa", "salah"), ("root", "")])
async def test_wrong_credentials_are_held(guarded: Server, user: tuple[str, str] | None) -> None:
    async with opened_influx1(guarded.url, user) as store:
        for attempt in (store.prepare(), store.write(lines(1))):
            with pytest.raises(Hold, match="check user name, password or token") as caught:
                await attempt
            assert "salah" not in str(caught.value)


async def test_right_credentials_write(guarded: Server) -> None:
    async with opened_influx1(guarded.url, ROOT) as store:
        await store.prepare()
        await store.write(lines(5))
        assert await seqs(store) == list(range(5))


async def test_a_user_that_may_only_write_writes(guarded: Server) -> None:
    async with opened_influx1(guarded.url, WRITER) as store:
        await store.prepare()
        await store.write(lines(5))
        with pytest.raises(Hold):
            await seqs(store)
    async with opened_influx1(guarded.url, ROOT) as reader:
        assert await seqs(reader) == list(range(5))


async def test_a_user_without_the_right_is_held(guarded: Server) -> None:
    async with opened_influx1(guarded.url, ROOT) as admin:
        await admin.query("CREATE USER tamu WITH PASSWORD 'rahasia-tamu'")
    async with opened_influx1(guarded.url, ("tamu", "rahasia-tamu")) as store:
        await store.prepare()
        with pytest.raises(Hold, match="right to write"):
            await store.write(lines(1))


async def test_too_large_a_body_is_split_until_it_fits(narrow: Server) -> None:
    async with opened_influx1(narrow.url) as store:
        await store.prepare()
        with pytest.raises(TooLarge):
            await store.write(lines(500))
        assert await settle(store.write, lines(500)) == {}
        assert await seqs(store) == list(range(500))


async def test_one_bad_line_in_too_large_a_body_is_found(narrow: Server) -> None:
    async with opened_influx1(narrow.url) as store:
        await store.prepare()
        await store.write([line(0)])
        said = lines(200, first=1)
        said[150] = said[150].replace(b"pm2_5=12.3", b"pm2_5=12i")
        assert set(await settle(store.write, said)) == {150}
        assert len(await seqs(store)) == 200


async def test_a_stopped_server_is_tried_again_and_goes_on_where_it_was(influx1: Server, store: Influx1) -> None:
    await store.write(lines(10))
    influx1.stop()
    for _ in range(3):
        with pytest.raises(TryAgain, match="out of reach"):
            await store.write(lines(10, first=10))
    influx1.start()
    await store.write(lines(10, first=10))
    assert await seqs(store) == list(range(20))


async def test_a_kill_right_after_the_yes_loses_nothing(influx1: Server, store: Influx1) -> None:
    for life in range(3):
        await store.write(lines(300, first=300 * life))
        influx1.kill()
        influx1.start()
    assert await seqs(store) == list(range(900))


async def test_queries_that_the_server_refuses(store: Influx1) -> None:
    for statement in ("SELEC", "SELECT foo(pm2_5) FROM air", "DROP DATABASE"):
        with pytest.raises(QueryRefused):
            await store.query(statement)
    assert await store.query("SELECT * FROM nothing") == []
