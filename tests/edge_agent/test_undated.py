"""Readings taken before the clock was set: kept, dated once, honestly."""

from __future__ import annotations

import json
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest

from edge_agent.clock import Stamp
from edge_agent.delivery import undated
from telemetry import batch as batches
from telemetry.quality import Quality
from tests.support.spooling import STAMP, all_rows, opened, rows_in, taken

_SECOND = 10**9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_nothing_is_sent_before_the_clock_can_be_trusted(path: Path):
    spool = opened(path)
    assert spool.commit([taken()], None) is None
    assert spool.after(0, limit=9) == []
    assert (spool.held.batches, spool.held.undated) == (0, 1)
    spool.close()


def test_the_first_stamp_dates_what_waited_to_when_it_was_taken(path: Path):
    spool = opened(path)
    spool.commit([taken(1.5, at=STAMP.monotonic_ns - 600 * _SECOND)], None)
    spool.commit([taken(2.5, at=STAMP.monotonic_ns - 300 * _SECOND)], None)
    number = spool.commit([taken(3.5)], STAMP)
    assert number is not None
    rows = rows_in(spool, number)
    assert [(r.values["pm2_5"], r.milliseconds - STAMP.wall_ms) for r in rows] == [
        (1.5, -600_000),
        (2.5, -300_000),
        (3.5, 0),
    ]
    assert {r.quality for r in rows} == {Quality.GOOD}
    assert [r.seq for r in rows] == [0, 1, 2]
    assert spool.held.undated == 0
    spool.close()


def test_a_stamp_is_enough_even_if_nothing_new_was_taken(path: Path):
    spool = opened(path)
    spool.commit([taken()], None)
    assert spool.commit([], STAMP) == 1
    spool.close()


def test_a_date_once_given_never_changes(path: Path):
    spool = opened(path)
    spool.commit([taken()], None)
    spool.commit([], STAMP)
    before = spool.payload(1)
    an_hour_later = Stamp(STAMP.wall_ms + 3_600_000, STAMP.monotonic_ns)
    spool.commit([taken()], an_hour_later)
    spool.close()
    spool = opened(path)
    assert spool.payload(1) == before
    spool.close()


def test_what_waits_survives_the_end_of_the_agent(path: Path):
    spool = opened(path)
    spool.commit([taken(1.5), taken(2.5)], None)
    spool.close()
    spool = opened(path)
    assert spool.held.undated == 2
    spool.commit([], STAMP)
    assert [r.values["pm2_5"] for r in all_rows(spool)] == [1.5, 2.5]
    spool.close()


def test_readings_of_an_earlier_boot_are_put_before_this_one_and_marked(path: Path):
    spool = opened(path, boot="boot-a")
    spool.commit([taken(1.5, at=70 * _SECOND), taken(2.5, at=100 * _SECOND)], None)
    spool.close()
    spool = opened(path, boot="boot-b")
    spool.commit([taken(3.5, at=40 * _SECOND)], Stamp(STAMP.wall_ms, 60 * _SECOND))
    start_of_boot = STAMP.wall_ms - 60_000
    said = [(r.values["pm2_5"], r.milliseconds - start_of_boot, r.quality) for r in all_rows(spool)]
    assert said == [
        (1.5, -30_000, Quality.TIME_ESTIMATED),
        (2.5, 0, Quality.TIME_ESTIMATED),
        (3.5, 40_000, Quality.GOOD),
    ]
    spool.close()


def test_quality_that_a_reading_had_is_kept_when_its_time_is_estimated(path: Path):
    spool = opened(path, boot="boot-a")
    spool.commit([taken(5000.0)], None)
    spool.close()
    spool = opened(path, boot="boot-b")
    spool.commit([], STAMP)
    assert [r.quality for r in all_rows(spool)] == [Quality.OUT_OF_RANGE | Quality.TIME_ESTIMATED]
    spool.close()


def test_a_day_without_a_clock_makes_batches_that_a_hub_takes(path: Path):
    spool = opened(path)
    for first in range(0, 3_000, 500):
        at = STAMP.monotonic_ns + first
        spool.commit([taken(value / 7, at=at) for value in range(500)], None)
    while spool.held.undated:
        spool.commit([taken(0.5)], STAMP)
    lines = []
    for number in spool.after(0, limit=99):
        payload = spool.payload(number)
        assert payload is not None
        lines.append(batches.decode(payload).lines)
    assert sum(lines) == 3_000 + len(lines)
    assert max(lines) <= 1_000
    assert [r.seq for r in all_rows(spool)] == list(range(sum(lines)))
    spool.close()


def test_an_earlier_boot_is_estimated_alike_over_all_its_batches(path: Path):
    spool = opened(path, boot="boot-a")
    spool.commit([taken(0.5, at=value * _SECOND) for value in range(1_200)], None)
    spool.close()
    spool = opened(path, boot="boot-b")
    while spool.held.undated:
        spool.commit([], STAMP)
    times = [r.milliseconds for r in all_rows(spool)]
    assert {later - earlier for earlier, later in pairwise(times)} == {1_000}
    assert times[-1] == STAMP.milliseconds(0)
    spool.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("measurement", "no json"),
        ("measurement", "[]"),
        ("measurement", '{"family": "air"}'),
        ("measurement", '{"family": "air", "values": {"pm2_5": 9.5}, "labels": {}, "quality": 0}'),
        ("sensor", "DUST"),
        ("sensor", b"dust"),
        ("sensor", "dusk"),
        ("at", 1),
        ("at", "long ago"),
        ("boot", "another"),
    ],
)
def test_a_damaged_reading_that_waited_is_never_believed_and_stops_no_other(path: Path, column: str, value: object):
    spool = opened(path)
    spool.commit([taken(1.5), taken(2.5), taken(3.5)], None)
    spool.close()
    with sqlite3.connect(path) as db:
        db.execute(f"UPDATE undated SET {column} = ? WHERE id = 2", (value,))
    db.close()
    spool = opened(path)
    spool.commit([], STAMP)
    assert [r.values["pm2_5"] for r in all_rows(spool)] == [1.5, 3.5]
    assert spool.held.undated == 0
    spool.close()


def test_the_rest_of_a_boot_that_was_dated_is_dated_alike_after_a_power_cut(path: Path):
    """Only 500 leave with one commit; the power may fail before the last do, and the next boot be days later."""
    spool = opened(path, boot="boot-a")
    spool.commit([taken(0.5, at=STAMP.monotonic_ns + value * _SECOND) for value in range(1_200)], None)
    spool.commit([], STAMP)
    spool.close()
    spool = opened(path, boot="boot-b")
    assert not spool.is_boot_dated
    days_later = Stamp(STAMP.wall_ms + 2 * 86_400_000, 10 * _SECOND)
    while spool.held.undated:
        spool.commit([], days_later)
    rows = [r for r in all_rows(spool) if r.family == "air"]
    assert [r.milliseconds for r in rows] == [STAMP.wall_ms + 1_000 * value for value in range(1_200)]
    assert {r.quality for r in rows} == {Quality.GOOD}
    spool.close()


def test_a_boot_is_known_to_be_dated_by_the_next_agent_in_it_and_not_by_an_estimate(path: Path):
    spool = opened(path)
    spool.commit([taken()], Stamp(STAMP.wall_ms, STAMP.monotonic_ns, Quality.TIME_ESTIMATED))
    assert not spool.is_boot_dated
    assert {r.quality for r in all_rows(spool)} == {Quality.TIME_ESTIMATED}
    spool.commit([taken()], STAMP)
    spool.close()
    spool = opened(path)
    assert spool.is_boot_dated
    spool.close()


def test_only_the_newest_boots_are_remembered(path: Path):
    for number in range(40):
        spool = opened(path, boot=f"boot-{number}")
        spool.commit([taken()], STAMP)
        spool.close()
    with sqlite3.connect(path) as db:
        assert [row[0] for row in db.execute("SELECT boot FROM boot ORDER BY id")][-1] == "boot-39"
        assert db.execute("SELECT count(*) FROM boot").fetchone() == (16,)
    db.close()


def test_a_reading_of_a_quantity_that_this_version_does_not_know_stops_no_other(path: Path):
    said = json.dumps({"family": "air", "values": {"pm25_old": 9.5}, "labels": {}, "quality": 0})
    spool = opened(path)
    spool.commit([taken(1.5), taken(2.5), taken(3.5)], None)
    spool.close()
    with sqlite3.connect(path) as db:
        boot, at, sensor = db.execute("SELECT boot, at, sensor FROM undated WHERE id = 2").fetchone()
        check = undated._check((boot, at, sensor, said))
        db.execute("UPDATE undated SET measurement = ?, crc = ? WHERE id = 2", (said, check))
    db.close()
    spool = opened(path)
    spool.commit([], STAMP)
    assert [r.values["pm2_5"] for r in all_rows(spool)] == [1.5, 3.5]
    spool.close()


def test_a_rotten_time_moves_no_other_reading_of_its_boot(path: Path):
    spool = opened(path, boot="boot-a")
    spool.commit([taken(0.5, at=value * _SECOND) for value in range(3)], None)
    spool.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE undated SET at = 'long ago' WHERE id = 2")
    db.close()
    spool = opened(path, boot="boot-b")
    spool.commit([], STAMP)
    assert [r.milliseconds for r in all_rows(spool)] == [STAMP.milliseconds(0) - 2_000, STAMP.milliseconds(0)]
    spool.close()
