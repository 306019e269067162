"""A full spool and a refusing disk: the oldest goes first, every hole is told, and a refusal changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.delivery.room import OLDEST_FIRST
from edge_agent.delivery.undated import BYTES_PER_READING
from edge_agent.errors import SpoolUnwritable
from tests.support.spooling import STAMP, accounted, all_rows, next_seq, opened, rows_in, taken


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def _sizes(path: Path) -> int:
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))


def test_a_full_spool_drops_its_oldest_and_says_exactly_what(path: Path):
    spool = opened(path, quota=3_000, policy=OLDEST_FIRST)
    for value in range(40):
        spool.commit([taken(value + 0.5), taken(value + 0.5, "dust-2")], STAMP)
    rows = all_rows(spool)
    assert spool.after(0, limit=1)[0] > 1
    assert accounted(rows) == {"dust": next_seq(spool, "dust"), "dust-2": next_seq(spool, "dust-2")}
    assert spool.held.bytes <= 3_000
    spool.close()


def test_a_gap_reading_names_the_first_and_last_dropped_number(path: Path):
    spool = opened(path)
    for value in range(5):
        spool.commit([taken(value + 0.5)], STAMP)
    spool.close()
    spool = opened(path, quota=1_600, policy=OLDEST_FIRST)
    spool.commit([taken(99.5)], STAMP)
    kept = [r for r in all_rows(spool) if r.family == "air"]
    (gap,) = [r for r in all_rows(spool) if r.family == "gap"]
    assert gap.labels == {"cause": "dropped"}
    assert (gap.values["first"], gap.values["last"]) == (0, kept[0].seq - 1)
    assert gap.values["count"] == kept[0].seq
    assert gap.milliseconds == STAMP.wall_ms
    spool.close()


def test_a_full_spool_forgets_no_earlier_hole(path: Path):
    """Over a long outage the batches that carry gap readings are dropped themselves."""
    spool = opened(path, quota=3_000, policy=OLDEST_FIRST)
    for value in range(200):
        spool.commit([taken(value + 0.5), taken(sensor="co2")], STAMP)
    told = accounted(all_rows(spool))
    assert told == {sensor: next_seq(spool, sensor) for sensor in ("dust", "co2")}
    gaps = [r for r in all_rows(spool) if r.family == "gap" and r.sensor == "dust"]
    assert min(r.values["first"] for r in gaps) == 0
    spool.close()


def test_a_hole_that_the_hub_knows_is_not_counted_again(path: Path):
    spool = opened(path, quota=3_000, policy=OLDEST_FIRST)
    delivered = []
    for value in range(200):
        number = spool.commit([taken(value + 0.5)], STAMP)
        assert number is not None
        if value % 50 == 49:
            delivered += rows_in(spool, number)
            spool.forget(number)
    assert any(r.family == "gap" for r in delivered)
    assert accounted(delivered + all_rows(spool))["dust"] == next_seq(spool, "dust")
    spool.close()


def test_a_quota_too_small_for_one_batch_still_keeps_the_newest(path: Path):
    spool = opened(path, quota=1, policy=OLDEST_FIRST)
    for value in range(5):
        spool.commit([taken(value + 0.5)], STAMP)
    rows = all_rows(spool)
    assert [r.values["pm2_5"] for r in rows if r.family == "air"] == [4.5]
    assert accounted(rows) == {"dust": next_seq(spool, "dust")}
    spool.close()


def test_the_file_stays_near_the_quota(path: Path):
    spool = opened(path, quota=20_000, policy=OLDEST_FIRST)
    for round_ in range(60):
        spool.commit([taken(round_ + value / 10, f"s-{value}") for value in range(20)], STAMP)
    spool.close()
    assert _sizes(path) < 5 * 20_000


def test_a_refused_commit_changes_nothing_and_the_next_one_counts_on(path: Path):
    spool = opened(path)
    spool.commit([taken()], STAMP)
    spool.forget(1)
    pages = spool._file.db.execute("PRAGMA page_count").fetchone()[0]
    spool._file.db.execute(f"PRAGMA max_page_count={pages}")
    before = spool.held
    crowd = [taken(value / 7, f"s-{value}") for value in range(1000)]
    with pytest.raises(SpoolUnwritable, match="refuses: database or disk is full"):
        spool.commit(crowd, STAMP)
    assert (spool.held, spool.after(0, limit=9)) == (before, [])
    spool._file.db.execute("PRAGMA max_page_count=1000000")
    assert spool.commit([taken()], STAMP) == 2
    assert [r.seq for r in rows_in(spool, 2)] == [1]
    spool.close()


def test_a_refused_undated_commit_changes_nothing(path: Path):
    spool = opened(path)
    pages = spool._file.db.execute("PRAGMA page_count").fetchone()[0]
    spool._file.db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(SpoolUnwritable):
        spool.commit([taken(value / 7) for value in range(1000)], None)
    assert spool.held.undated == 0
    spool._file.db.execute("PRAGMA max_page_count=1000000")
    spool.commit([taken(1.5)], STAMP)
    assert [r.values["pm2_5"] for r in all_rows(spool)] == [1.5]
    spool.close()


def test_a_refused_drop_is_told_when_it_succeeds(path: Path):
    spool = opened(path, quota=2_500, policy=OLDEST_FIRST)
    for value in range(5):
        spool.commit([taken(value + 0.5)], STAMP)
    spool._file.db.execute("PRAGMA max_page_count=1")
    pages = spool._file.db.execute("PRAGMA max_page_count").fetchone()[0]
    assert pages < 100
    with pytest.raises(SpoolUnwritable):
        spool.commit([taken(value / 7, f"s-{value}") for value in range(1000)], STAMP)
    spool._file.db.execute("PRAGMA max_page_count=1000000")
    spool.commit([taken()], STAMP)
    assert accounted(all_rows(spool))["dust"] == next_seq(spool, "dust")
    spool.close()


def test_what_waits_for_a_date_keeps_a_tenth_however_much_the_batches_take(path: Path):
    quota = 20_000
    spool = opened(path, quota=quota, policy=OLDEST_FIRST)
    for value in range(200):
        spool.commit([taken(value + 0.5)], STAMP)
    assert spool.held.bytes > 0.9 * quota
    spool.commit([taken(value + 0.5) for value in range(50)], None)
    assert spool.held.undated == quota // 10 // BYTES_PER_READING
    spool.close()
