"""What each answer of a server means for the lines."""

from __future__ import annotations

import pytest

from hub.errors import BadLines, Hold, StoreError, TooLarge, TryAgain
from hub.stores.verdict import judge


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_yes(status: int) -> None:
    judge(status, "", None, server="InfluxDB")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, BadLines) for status in (400, 422)),
        *((status, Hold) for status in (0, 100, 301, 302, 401, 402, 403, 404, 405, 406, 410, 418)),
        (413, TooLarge),
        *((status, TryAgain) for status in (429, 500, 502, 503, 504, 507, 599)),
    ],
)
def test_every_other_answer_is_one_of_four(status: int, expected: type[StoreError]) -> None:
    with pytest.raises(StoreError) as caught:
        judge(status, "because", None, server="InfluxDB at http://x")
    assert type(caught.value) is expected


def test_every_status_has_a_verdict() -> None:
    for status in range(1000):
        try:
            judge(status, "", None, server="s")
        except StoreError:
            assert not 200 <= status < 300
        else:
            assert 200 <= status < 300


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
        judge(400, "x" * 10_000, None, server="s")
    assert len(str(caught.value)) <= 300


@pytest.mark.parametrize("limit", ["max-series-per-database limit exceeded", "max-values-per-tag limit exceeded"])
def test_a_full_store_is_no_fault_of_the_line(limit: str) -> None:
    with pytest.raises(Hold, match="raise the limit"):
        judge(400, f'{{"error":"partial write: {limit}: (1000000) dropped=1"}}', None, server="InfluxDB")
