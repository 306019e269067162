"""The store through influxdb-client: every answer classified, and rows that come back from VictoriaMetrics."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from hub.errors import BadLines, Hold, QueryRefused, StoreError, TooLarge, TooSlow, TryAgain
from hub.settling import settle
from hub.stores import influx2
from hub.stores.influx2 import Influx2
from tests.hub.deaf import crowded, unread
from tests.hub.kit import START, line, lines
from tests.support.scripted_http import Answer, ScriptedHttp, refusing
from tests.support.servers import Server

TOKEN = "rahasia-kota"
BUCKETS, ORGS = "GET /api/v2/buckets", "GET /api/v2/orgs"
CREATE = "POST /api/v2/buckets"
NO_BUCKET = Answer(200, b'{"buckets":[]}')
NOT_BUCKETS = [b"null", b"5", b"[]", b'"x"', b"{}", b'{"buckets":null}', b'{"buckets":5}', b'{"buckets":[null]}']
AN_ORG = Answer(200, b'{"orgs":[{"id":"0123456789abcdef","name":"kota"}]}')


@asynccontextmanager
async def opened(url: str, token: str = TOKEN) -> AsyncIterator[Influx2]:
    store = Influx2(url, "kota", "simpang", token)
    try:
        yield store
    finally:
        await store.close()


async def verdict(*answers: Answer) -> StoreError | None:
    """Return what a write makes of a scripted answer, which must cost one request only."""
    with ScriptedHttp(answers) as server:
        async with opened(server.url) as store:
            try:
                await store.write(lines(3))
            except StoreError as error:
                return error
            else:
                return None
            finally:
                assert len(server.writes) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(204), type(None)),
        (Answer(200, b"<html>"), Hold),
        (Answer(202), Hold),
        (Answer(400, b'{"code":"invalid","message":"unable to parse"}'), BadLines),
        (Answer(401, b'{"code":"unauthorized"}'), Hold),
        (Answer(403), Hold),
        (Answer(404, b'{"code":"not found"}'), Hold),
        (Answer(413), TooLarge),
        (Answer(413, unread=True), TooLarge),
        (Answer(422, b'{"code":"unprocessable entity","message":"failure writing: partial write: x"}'), BadLines),
        (Answer(422, b'{"code":"unprocessable entity"}'), Hold),
        (Answer(429), TryAgain),
        (Answer(500), TryAgain),
        (Answer(503), TryAgain),
        (Answer(302, headers={"Location": "/elsewhere"}), Hold),
        (Answer(307, headers={"Location": "/api/v2/write"}), Hold),
        (Answer(reset=True), TryAgain),
        (Answer(502, b"\xe9teint", {"Content-Type": "text/html; charset=latin-1"}), TryAgain),
        (Answer(200, b"not gzip", {"Content-Encoding": "gzip"}), TryAgain),
    ],
)
async def test_each_answer_has_its_meaning_and_is_asked_for_once(answer: Answer, expected: type[StoreError]) -> None:
    error = await verdict(answer)
    assert type(error) is expected
    assert TOKEN not in str(error)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("name", ["Retry-After", "retry-after"])
async def test_retry_after_is_kept(status: int, name: str) -> None:
    error = await verdict(Answer(status, headers={name: "17"}))
    assert isinstance(error, TryAgain)
    assert error.after == 17


async def test_the_reason_of_a_bad_line_is_what_the_server_said() -> None:
    assert "unable to parse" in str(await verdict(Answer(400, b'{"message":"unable to parse"}')))


async def test_no_answer_in_time_is_tried_with_fewer_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influx2, "_TIMEOUT_MS", 200)
    error = await verdict(Answer(until=threading.Event()))
    assert type(error) is TooSlow
    assert "ReadTimeout" in str(error)


async def test_a_server_that_does_not_read_in_time_gets_fewer_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influx2, "_TIMEOUT_MS", 200)
    with unread() as url:
        async with opened(url) as store:
            with pytest.raises(TooSlow):
                await store.write(lines(1) * 200_000)


async def test_a_server_that_cannot_be_connected_in_time_is_tried_again_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(influx2, "_TIMEOUT_MS", 200)
    with crowded() as url:
        async with opened(url) as store:
            with pytest.raises(TryAgain) as caught:
                await store.write(lines(1))
    assert type(caught.value) is TryAgain


async def test_where_nothing_listens_is_tried_again() -> None:
    async with opened(refusing()) as store:
        for attempt in (store.prepare(), store.write(lines(1)), store.query("SHOW DATABASES")):
            with pytest.raises(TryAgain, match="out of reach"):
                await attempt


async def test_what_is_written_is_said_with_org_bucket_precision_and_token() -> None:
    with ScriptedHttp() as server:
        async with opened(server.url) as store:
            await store.write(lines(2))
            assert TOKEN not in store.name
    (asked,) = server.writes
    assert asked.path == "/api/v2/write"
    assert asked.query == {"org": "kota", "bucket": "simpang", "precision": "ns"}
    assert asked.body == b"".join(lines(2))
    assert asked.headers["Authorization"] == f"Token {TOKEN}"


async def test_an_address_below_a_path_is_kept() -> None:
    with ScriptedHttp() as server:
        async with opened(f"{server.url}/influx") as store:
            await store.write(lines(1))
    assert [asked.path for asked in server.writes] == ["/influx/api/v2/write"]


async def test_a_refused_line_is_found_through_the_client() -> None:
    said = lines(8)

    class Picky(ScriptedHttp):
        def answer_to(self, method: str, path: str) -> Answer:
            return self.otherwise

    with Picky(otherwise=Answer(204)) as server:
        async with opened(server.url) as store:

            async def write(some: Any) -> None:
                server.otherwise = Answer(422, b"partial write") if said[5] in some else Answer(204)
                await store.write(some)

            assert set(await settle(write, said)) == {5}
    assert set(server.lines()) == set(said)


async def test_a_missing_bucket_is_created_to_keep_for_ever() -> None:
    made = Answer(201, b'{"name":"simpang","retentionRules":[]}')
    with ScriptedHttp(elsewhere={BUCKETS: NO_BUCKET, ORGS: AN_ORG, CREATE: made}) as server:
        async with opened(server.url) as store:
            await store.prepare()
    asked = json.loads(server.asked[-1].body)
    assert asked["name"] == "simpang"
    assert asked["orgID"] == "0123456789abcdef"
    assert [rule["everySeconds"] for rule in asked["retentionRules"]] == [0]


async def test_a_bucket_that_is_there_is_left_alone() -> None:
    there = Answer(200, b'{"buckets":[{"name":"simpang","retentionRules":[]}]}')
    with ScriptedHttp(elsewhere={BUCKETS: there}) as server:
        async with opened(server.url) as store:
            await store.prepare()
    assert [(asked.method, asked.path) for asked in server.asked] == [("GET", "/api/v2/buckets")]


@pytest.mark.parametrize(
    "elsewhere",
    [
        *({BUCKETS: Answer(status)} for status in (400, 403, 404, 405, 422)),
        {BUCKETS: Answer(200, b"<html>masuk</html>")},
        *({BUCKETS: Answer(200, body)} for body in NOT_BUCKETS),
        {BUCKETS: Answer(200, b"\xff\xfe")},
        {BUCKETS: NO_BUCKET},
        {BUCKETS: NO_BUCKET, ORGS: Answer(200, b'{"orgs":[]}')},
        {BUCKETS: NO_BUCKET, ORGS: Answer(401)},
        *({BUCKETS: NO_BUCKET, ORGS: Answer(200, body)} for body in (b"null", b"{}", b'{"orgs":[null]}')),
        *({BUCKETS: NO_BUCKET, ORGS: AN_ORG, CREATE: Answer(201, body)} for body in (b"null", b"<html>", b"[]")),
        *({BUCKETS: NO_BUCKET, ORGS: AN_ORG, CREATE: Answer(status)} for status in (400, 401, 403, 404, 422)),
    ],
)
async def test_where_the_bucket_cannot_be_made_the_first_write_tells(elsewhere: dict[str, Answer]) -> None:
    with ScriptedHttp(elsewhere=elsewhere) as server:
        async with opened(server.url) as store:
            await store.prepare()
            await store.write(lines(1))
    assert server.lines() == lines(1)


async def test_an_unknown_token_is_told_before_anything_is_written() -> None:
    unknown = Answer(401, b'{"code":"unauthorized","message":"unauthorized access"}')
    with ScriptedHttp(elsewhere={BUCKETS: unknown}) as server:
        async with opened(server.url) as store:
            with pytest.raises(Hold, match="check user name, password or token"):
                await store.prepare()


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_in_trouble_is_prepared_later(status: int) -> None:
    with ScriptedHttp(elsewhere={BUCKETS: Answer(status)}) as server:
        async with opened(server.url) as store:
            with pytest.raises(TryAgain):
                await store.prepare()


@pytest.mark.parametrize("token", ["", TOKEN])
async def test_rows_are_read_in_influxql(token: str) -> None:
    said = b'{"results":[{"series":[{"name":"air","tags":{"sensor":"c"},"columns":["time","n"],"values":[[7,2]]}]}]}'
    with ScriptedHttp(elsewhere={"POST /query": Answer(200, said)}) as server:
        async with opened(server.url, token) as store:
            assert await store.query("SELECT") == [{"sensor": "c", "time": 7, "n": 2}]


async def test_a_refused_query() -> None:
    with ScriptedHttp(elsewhere={"POST /query": Answer(400, b"no")}) as server:
        async with opened(server.url) as store:
            with pytest.raises(QueryRefused, match="no"):
                await store.query("SELECT")


async def exported(victoria: Server, match: str) -> list[tuple[dict[str, str], list[tuple[int, float]]]]:
    """Return series with their samples, after what is in memory became visible."""
    async with httpx.AsyncClient(base_url=victoria.url) as client:
        (await client.get("/internal/force_flush")).raise_for_status()
        answer = await client.get("/api/v1/export", params={"match[]": match})
    found = [json.loads(row) for row in answer.text.splitlines()]
    return [(row["metric"], list(zip(row["timestamps"], row["values"], strict=True))) for row in found]


@pytest.mark.parametrize("token", ["", TOKEN])
async def test_rows_come_back_from_victoriametrics(victoria: Server, token: str) -> None:
    async with opened(victoria.url, token) as store:
        await store.prepare()
        for _ in range(2):
            await store.write(lines(50))
        await store.write([line(50, sensor="utara", value=7.5)])
    series = await exported(victoria, "air_pm2_5")
    assert {metric["sensor"]: samples for metric, samples in series} == {
        "dust": [(START + seq * 1000, 12.3) for seq in range(50)],
        "utara": [(START + 50_000, 7.5)],
    }
    assert {(metric["site"], metric["agent"]) for metric, _ in series} == {("simpang-empat", "se-1")}


async def test_sequence_numbers_come_back_from_victoriametrics(victoria: Server) -> None:
    async with opened(victoria.url) as store:
        await store.write(lines(20))
    ((_, samples),) = await exported(victoria, "air_seq")
    assert [value for _, value in samples] == list(range(20))


async def test_a_stopped_victoriametrics_is_tried_again_and_takes_the_rest(victoria: Server) -> None:
    async with opened(victoria.url) as store:
        await store.write(lines(10))
        victoria.stop()
        with pytest.raises(TryAgain):
            await store.write(lines(10, first=10))
        victoria.start()
        await store.write(lines(10, first=10))
    ((_, samples),) = await exported(victoria, "air_seq")
    assert [value for _, value in samples] == list(range(20))
