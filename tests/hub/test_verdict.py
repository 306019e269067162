"""What each answer of a server means for the lines."""

from __future__ import annotations

import pytest

from hub.errors import BadLines, Hold, LimitReached, StoreError, TooLarge, TooSlow, TryAgain
from hub.stores.verdict import judge

OF_LINES = [
    (400, '{"error":"partial write: unable to parse \'rubbish\': missing fields dropped=0"}'),
    (400, '{"error":"unable to parse \'air x=NaN 1\': invalid number"}'),
    (400, '{"error":"field type conflict: input field \\"x\\" on measurement \\"air\\" is type integer"}'),
    (400, '{"error":"partial write: points beyond retention policy dropped=1"}'),
    (400, '{"code":"invalid","message":"unable to parse \'air x=abc\': invalid boolean"}'),
    (422, '{"code":"unprocessable entity","message":"failure writing points to database: partial write: x dropped=8"}'),
    (400, '{"error":"partial write of line protocol occurred","data":[{"line_number":2}]}'),
    (400, '{"error":"line protocol parsing error","data":{"error_message":"No fields were provided"}}'),
    (400, "write buffer error: line protocol parse failed: invalid column type for column 'x'"),
    (400, '{"error":"parsing failed for write_lp endpoint","data":[{"line_number":1}]}'),
]
"""What InfluxDB 1.6, 2.7 and 3.10 answer to a line that they will never take, from their sources."""

NOT_OF_LINES = [
    (400, "Client sent an HTTP request to an HTTPS server.\n"),
    (400, 'remoteAddr: "127.0.0.1:1"; requestURI: /foo/api/v2/write; unsupported path requested: "/foo/api/v2/write"'),
    (400, '{"error":"database is required"}'),
    (400, '{"code":"invalid","message":"Please provide either orgID or org"}'),
    (400, '{"code":"invalid","message":"unable to read data: gzip: invalid header"}'),
    (422, '{"code":"unprocessable entity"}'),
    (400, "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>"),
    (400, ""),
]
"""What a wrong address, a proxy or a wrong setting answers."""


def test_yes() -> None:
    judge(204, "", None, server="InfluxDB")


@pytest.mark.parametrize("status", [200, 201, 202, 203, 205, 206, 299])
def test_what_a_web_page_answers_is_no_yes(status: int) -> None:
    with pytest.raises(Hold, match="check the store's address"):
        judge(status, "<html>masuk</html>", None, server="InfluxDB at http://x")


@pytest.mark.parametrize(("status", "said"), OF_LINES)
def test_what_speaks_of_lines_blames_lines(status: int, said: str) -> None:
    with pytest.raises(BadLines):
        judge(status, said, None, server="InfluxDB at http://x")


@pytest.mark.parametrize(("status", "said"), NOT_OF_LINES)
def test_what_does_not_speak_of_lines_kills_none_and_names_the_address(status: int, said: str) -> None:
    with pytest.raises(Hold, match=r"InfluxDB at http://x answers .*check the store's address") as caught:
        judge(status, said, None, server="InfluxDB at http://x")
    assert not isinstance(caught.value, LimitReached)


def test_a_shard_about_to_go_is_no_fault_of_the_line() -> None:
    with pytest.raises(TryAgain):
        judge(400, '{"error":"partial write: shard 3 is pending deletion dropped=5"}', None, server="InfluxDB")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, Hold) for status in (0, 100, 200, 301, 302, 400, 401, 402, 403, 404, 405, 406, 410, 418, 422)),
        (413, TooLarge),
        *((status, TryAgain) for status in (429, 500, 502, 503, 507, 599)),
        (504, TooSlow),
    ],
)
def test_every_other_answer_is_one_of_five(status: int, expected: type[StoreError]) -> None:
    with pytest.raises(StoreError) as caught:
        judge(status, "because", None, server="InfluxDB at http://x")
    assert type(caught.value) is expected


def test_every_status_has_a_verdict() -> None:
    for status in range(1000):
        try:
            judge(status, "", None, server="s")
        except StoreError:
            assert status != 204
        else:
            assert status == 204


@pytest.mark.parametrize(("status", "remedy"), [(401, "password or token"), (403, "right to write"), (404, "by hand")])
def test_a_hold_names_server_and_remedy(status: int, remedy: str) -> None:
    with pytest.raises(Hold, match=remedy) as caught:
        judge(status, "", None, server="InfluxDB at http://x")
    assert "InfluxDB at http://x answers" in str(caught.value)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "after"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("nan", 0.0),
        (None, None),
        ("", None),
        ("Wed, 21 Oct 2026", None),
    ],
)
def test_retry_after(status: int, said: str | None, after: float | None) -> None:
    with pytest.raises(TryAgain) as caught:
        judge(status, "", said, server="s")
    assert caught.value.after == after


def test_a_long_reason_is_cut() -> None:
    with pytest.raises(BadLines) as caught:
        judge(400, "partial write: " + "x" * 10_000, None, server="s")
    assert len(str(caught.value)) <= 300


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "partial write: max-series-per-database limit exceeded: (1000000) dropped=1"),
        (400, 'partial write: max-values-per-tag limit exceeded (50/50): measurement=\\"air\\" dropped=1'),
        (422, "Update to schema would exceed number of columns per table limit of 500 columns"),
        (422, "Adding a new database would exceed limit of 5 databases"),
    ],
)
def test_a_full_store_is_no_fault_of_the_line(status: int, said: str) -> None:
    with pytest.raises(LimitReached, match="raise the limit"):
        judge(status, f'{{"error":"{said}"}}', None, server="InfluxDB")
