"""What the store on InfluxDB 1 makes of every answer, from a server that plays a script."""

from __future__ import annotations

import threading

import httpx
import pytest

from hub.errors import BadLines, Hold, LimitReached, QueryRefused, StoreError, TooLarge, TooSlow, TryAgain
from hub.stores import influx_http
from tests.hub.deaf import crowded, unread
from tests.hub.kit import lines, opened_influx1
from tests.support.scripted_http import Answer, ScriptedHttp, refusing


async def verdict(*answers: Answer) -> StoreError | None:
    """Return what a write makes of a scripted answer."""
    with ScriptedHttp(answers) as server:
        async with opened_influx1(server.url) as store:
            try:
                await store.write(lines(3))
            except StoreError as error:
                return error
            else:
                return None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(204), type(None)),
        (Answer(200, b"{}"), Hold),
        (Answer(200, b"<html>masuk</html>"), Hold),
        (Answer(400, b'{"error":"partial write"}'), BadLines),
        (Answer(401), Hold),
        (Answer(403), Hold),
        (Answer(404), Hold),
        (Answer(413), TooLarge),
        (Answer(413, unread=True), TooLarge),
        (Answer(422), Hold),
        (Answer(422, b'{"error":"Update to schema would exceed number of tables limit"}'), LimitReached),
        (Answer(504), TooSlow),
        (Answer(429), TryAgain),
        (Answer(500, b"engine: cache-max-memory-size exceeded"), TryAgain),
        (Answer(503), TryAgain),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/"}), Hold),
        (Answer(reset=True), TryAgain),
        (Answer(502, b"<html>", {"Content-Type": "text/html; charset=nonsense"}), TryAgain),
        (Answer(200, b"not gzip", {"Content-Encoding": "gzip"}), TryAgain),
        (Answer(400, b"\xff\xfe\x00", {"Content-Type": "text/plain; charset=utf-16"}), Hold),
    ],
)
async def test_each_answer_has_its_meaning(answer: Answer, expected: type[StoreError]) -> None:
    assert type(await verdict(answer)) is expected


async def test_retry_after_is_kept() -> None:
    error = await verdict(Answer(503, headers={"Retry-After": "17"}))
    assert isinstance(error, TryAgain)
    assert error.after == 17


async def test_no_answer_in_time_is_tried_with_fewer_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influx_http, "_TIMEOUT", httpx.Timeout(0.2))
    error = await verdict(Answer(until=threading.Event()))
    assert type(error) is TooSlow
    assert "ReadTimeout" in str(error)


async def test_a_server_that_does_not_read_in_time_gets_fewer_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influx_http, "_TIMEOUT", httpx.Timeout(0.2))
    with unread() as url:
        async with opened_influx1(url) as store:
            with pytest.raises(TooSlow):
                await store.write(lines(1) * 200_000)


async def test_a_server_that_cannot_be_connected_in_time_is_tried_again_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(influx_http, "_TIMEOUT", httpx.Timeout(0.2))
    with crowded() as url:
        async with opened_influx1(url) as store:
            with pytest.raises(TryAgain) as caught:
                await store.write(lines(1))
    assert type(caught.value) is TryAgain


async def test_where_nothing_listens_is_tried_again() -> None:
    async with opened_influx1(refusing()) as store:
        for attempt in (store.prepare(), store.write(lines(1)), store.query("SHOW DATABASES")):
            with pytest.raises(TryAgain, match="out of reach: ConnectError"):
                await attempt


@pytest.mark.parametrize("status", [204, 400, 403, 404, 405, 413, 422])
async def test_a_refused_creation_lets_the_first_write_tell(status: int) -> None:
    with ScriptedHttp(elsewhere={"POST /query": Answer(status)}) as server:
        async with opened_influx1(server.url) as store:
            await store.prepare()
            await store.write(lines(1))
        assert server.lines() == lines(1)


@pytest.mark.parametrize(("status", "expected"), [(401, Hold), (500, TryAgain), (503, TryAgain)])
async def test_a_creation_that_meets_trouble_says_so(status: int, expected: type[StoreError]) -> None:
    with ScriptedHttp(elsewhere={"POST /query": Answer(status)}) as server:
        async with opened_influx1(server.url) as store:
            with pytest.raises(expected):
                await store.prepare()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"results": [5]}', b'{"results": [{"error": "no"}]}'])
async def test_an_answer_without_rows_is_a_refused_query(body: bytes) -> None:
    with ScriptedHttp(elsewhere={"POST /query": Answer(200, body)}) as server:
        async with opened_influx1(server.url) as store:
            with pytest.raises(QueryRefused):
                await store.query("SHOW DATABASES")


async def test_what_is_written_is_said_with_database_and_precision() -> None:
    with ScriptedHttp() as server:
        async with opened_influx1(server.url, ("hub", "rahasia")) as store:
            await store.write(lines(2))
            assert "rahasia" not in store.name
        (asked,) = server.writes
        assert asked.query == {"db": "simpang", "precision": "ns"}
        assert asked.body == b"".join(lines(2))
        assert asked.headers["Authorization"].startswith("Basic ")
