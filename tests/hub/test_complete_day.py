"""Days of time zones: midnight, hours, and clocks that are changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.completeness.day import HOUR, SECOND, Day
from hub.completeness.statements import InfluxQl, Scope, Sql


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


@pytest.fixture
def kathmandu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this machine stand where the clocks are 5 hours and 45 minutes ahead."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Asia/Kathmandu")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "day", "begin", "hours"),
    [
        ("Asia/Jakarta", date(2026, 3, 14), "2026-03-13T17:00", 24),
        ("Asia/Jayapura", date(2026, 3, 14), "2026-03-13T15:00", 24),
        ("Asia/Kolkata", date(2026, 3, 14), "2026-03-13T18:30", 24),
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-28T23:00", 23),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00", 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T13:30", 24),
    ],
)
def test_a_day_begins_at_its_zones_midnight_and_has_all_its_hours(zone: str, day: date, begin: str, hours: int) -> None:
    it = Day(day, ZoneInfo(zone))
    assert (it.begin, it.hours) == (at(begin), hours)
    widths = [later - earlier for earlier, later in zip(it.edges, it.edges[1:], strict=False)]
    assert widths[:-1] == [HOUR] * (hours - 1)
    assert 0 < widths[-1] <= HOUR
    assert it.clock(it.begin) == "00:00:00"


def test_half_an_hour_less_makes_the_last_hour_short() -> None:
    it = Day(date(2026, 10, 4), ZoneInfo("Australia/Lord_Howe"))
    assert it.edges[-1] - it.edges[-2] == HOUR // 2


def test_without_a_zone_it_is_this_machines(kathmandu: None) -> None:
    it = Day(date(2026, 3, 14))
    assert it.begin == at("2026-03-13T18:15")
    assert it.end == at("2026-03-14T18:15")
    assert it.clock(it.begin + 61 * SECOND) == "00:01:01"
    assert it.clock(it.begin - SECOND) == "2026-03-13 23:59:59"
    assert it.stamp(it.begin) == "2026-03-14T00:00:00+05:45"


def test_blocks_cover_the_day_once() -> None:
    it = Day(date(2026, 10, 25), ZoneInfo("Europe/Berlin"))
    blocks = it.blocks(6)
    assert (blocks[0][0], blocks[-1][1]) == (it.begin, it.end)
    assert [end for _, end in blocks[:-1]] == [begin for begin, _ in blocks[1:]]


def test_hours_are_asked_for_from_midnight_on_not_from_the_full_hour_of_utc() -> None:
    it = Day(date(2026, 3, 14), ZoneInfo("Asia/Kathmandu"))
    scope = Scope("simpang-empat")
    assert "time(1h, 900s)" in InfluxQl(scope).hourly(it.begin, it.end)
    assert f"{it.begin} + (time - {it.begin}) // {HOUR} * {HOUR}" in Sql(scope).hourly(it.begin, it.end)
