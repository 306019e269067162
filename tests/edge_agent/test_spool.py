"""The spool's promises: committed means kept, numbers are used once, and every hole is told."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from edge_agent.clock import Stamp
from edge_agent.delivery import spool_file
from edge_agent.errors import SpoolForeign, SpoolTaken, SpoolUnusable, SpoolUnwritable
from telemetry import batch as batches
from telemetry.reading import Place
from tests.support.spooling import PLACE, STAMP, all_rows, opened, rows_in, taken


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_closing_twice_closes_no_file_of_another(path: Path):
    spool = opened(path)
    spool.close()
    with path.with_name("another").open("w") as another:
        spool.close()
        another.write("still open")
    assert path.with_name("another").read_text() == "still open"


def test_a_batch_says_what_was_committed_in_its_order(path: Path):
    spool = opened(path)
    number = spool.commit([taken(1.5), taken(2.5, "dust-2"), taken(3.5, at=STAMP.monotonic_ns - 10**9)], STAMP)
    assert number is not None
    said = [(r.sensor, r.values["pm2_5"], r.seq, r.milliseconds - STAMP.wall_ms) for r in rows_in(spool, number)]
    assert said == [("dust", 1.5, 0, 0), ("dust-2", 2.5, 0, 0), ("dust", 3.5, 1, -1000)]
    spool.close()


def test_a_batch_names_its_epoch_and_number(path: Path):
    spool = opened(path)
    spool.commit([taken()], STAMP)
    spool.commit([taken(), taken()], STAMP)
    payload = spool.payload(2)
    assert payload is not None
    batch = batches.decode(payload)
    assert (batch.epoch, batch.number, batch.lines) == (spool.epoch, 2, 2)
    spool.close()


def test_the_same_instant_twice_makes_two_row_times(path: Path):
    spool = opened(path)
    spool.commit([taken(), taken()], STAMP)
    first, second = rows_in(spool, 1)
    assert first.milliseconds == second.milliseconds
    assert (first.below, second.below) == (0, 1)
    spool.close()


def test_a_clock_that_is_set_back_makes_no_two_rows_alike(path: Path):
    spool = opened(path)
    for setback in (0, 3_600_000, 0, 3_600_000):
        spool.commit([taken(), taken(sensor="co2")], Stamp(STAMP.wall_ms - setback, STAMP.monotonic_ns))
    rows = all_rows(spool)
    assert len({(r.sensor, r.milliseconds, r.below) for r in rows}) == len(rows) == 8
    spool.close()


def test_committing_nothing_makes_no_batch(path: Path):
    spool = opened(path)
    assert spool.commit([], STAMP) is None
    assert spool.commit([], None) is None
    assert spool.after(0, limit=9) == []
    spool.close()


def test_after_hands_out_the_oldest_beyond_a_number(path: Path):
    spool = opened(path)
    for _ in range(6):
        spool.commit([taken()], STAMP)
    spool.forget(2)
    assert spool.after(0, limit=3) == [1, 3, 4]
    assert spool.after(3, limit=9) == [4, 5, 6]
    assert spool.after(3, limit=0) == []
    spool.close()


def test_a_forgotten_batch_is_gone_at_once_and_forgetting_twice_changes_nothing(path: Path):
    spool = opened(path)
    spool.commit([taken(), taken()], STAMP)
    spool.commit([taken()], STAMP)
    spool.forget(1)
    spool.forget(1)
    spool.forget(77)
    assert spool.payload(1) is None
    assert (spool.held.batches, spool.held.readings) == (1, 1)
    spool.close()


def test_forgotten_stays_forgotten_over_a_clean_end(path: Path):
    spool = opened(path)
    spool.commit([taken()], STAMP)
    spool.forget(1)
    spool.close()
    spool = opened(path)
    assert spool.after(0, limit=9) == []
    assert spool.held.batches == 0
    spool.close()


def test_numbers_go_on_after_reopening(path: Path):
    spool = opened(path)
    spool.commit([taken(), taken()], STAMP)
    spool.close()
    spool = opened(path)
    assert spool.commit([taken()], STAMP) == 2
    assert [r.seq for r in rows_in(spool, 2)] == [2]
    spool.close()


def test_numbers_go_on_after_everything_was_forgotten(path: Path):
    for batch in (1, 2, 3):
        spool = opened(path)
        assert spool.commit([taken(), taken(sensor="co2")], STAMP) == batch
        assert [r.seq for r in rows_in(spool, batch)] == [batch - 1, batch - 1]
        spool.forget(batch)
        spool.close()


def test_a_sensor_that_was_silent_for_many_batches_keeps_its_number(path: Path):
    spool = opened(path)
    spool.commit([taken(sensor="rare"), taken(sensor="rare")], STAMP)
    for number in range(1, 8):
        spool.forget(number)
        spool.commit([taken()], STAMP)
    spool.close()
    spool = opened(path)
    spool.commit([taken(sensor="rare")], STAMP)
    assert [r.seq for r in all_rows(spool) if r.sensor == "rare"] == [2]
    spool.close()


def test_the_epoch_lasts_as_long_as_the_file_and_a_new_file_draws_another(path: Path, tmp_path: Path):
    spool = opened(path)
    epoch = spool.epoch
    spool.close()
    spool = opened(path)
    assert spool.epoch == epoch
    spool.close()
    other = opened(tmp_path / "other")
    assert other.epoch != epoch
    other.close()


def test_a_spool_that_never_committed_keeps_its_epoch(path: Path):
    epochs = []
    for _ in range(2):
        spool = opened(path)
        epochs.append(spool.epoch)
        spool.close()
    assert epochs[0] == epochs[1]


def test_readings_of_another_agent_are_refused_by_name_and_left_alone(path: Path):
    spool = opened(path)
    spool.commit([taken()], STAMP)
    spool.close()
    with pytest.raises(SpoolForeign, match="belongs to simpang-empat/se-1, not to simpang-empat/se-2"):
        opened(path, place=Place(PLACE.site, "se-2"))
    spool = opened(path)
    assert spool.held.readings == 1
    spool.close()


@pytest.mark.parametrize("version", ["1", "4"])
def test_a_spool_of_another_version_is_refused_and_left_alone(path: Path, version: str):
    spool = opened(path)
    spool_file._note(spool._file.db, "version", version)
    spool.close()
    with pytest.raises(SpoolForeign, match="let the agent that wrote it deliver"):
        opened(path)
    assert list(path.parent.glob("*damaged*")) == []


def test_a_spool_from_before_its_identity_was_checked_is_refused_and_left_alone(path: Path):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        db.execute("INSERT INTO meta VALUES ('version', '2')")
    db.close()
    with pytest.raises(SpoolForeign, match="older version, this agent reads 3; let the agent that wrote it deliver"):
        opened(path)
    assert list(path.parent.glob("*damaged*")) == []


def test_a_second_opener_is_refused_until_the_first_has_closed(path: Path):
    first = opened(path)
    with pytest.raises(SpoolTaken, match="held by another running agent"):
        opened(path)
    first.commit([taken()], STAMP)
    first.close()
    second = opened(path)
    assert second.held.readings == 1
    second.close()


def test_a_refused_opening_leaves_the_lock_free(path: Path):
    opened(path).close()
    with pytest.raises(SpoolForeign):
        opened(path, place=Place("elsewhere", "se-1"))
    opened(path).close()


def test_a_folder_that_cannot_be_made_is_told_as_unusable(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolUnusable, match=r"spool .*file/spool"):
        opened(tmp_path / "file" / "spool")


def test_a_folder_in_place_of_the_file_is_told_as_unusable(path: Path):
    path.mkdir()
    with pytest.raises(SpoolUnusable, match="is a folder"):
        opened(path)
    assert path.is_dir()


def test_a_file_that_cannot_be_opened_now_is_told_as_unwritable_and_the_lock_is_free(tmp_path: Path):
    path = tmp_path / "spool"
    path.symlink_to(tmp_path / "away" / "spool")
    with pytest.raises(SpoolUnwritable, match="unable to open"):
        opened(path)
    (tmp_path / "away").mkdir()
    opened(path).close()


def test_missing_folders_are_made(tmp_path: Path):
    spool = opened(tmp_path / "var" / "lib" / "spool")
    assert spool.commit([taken()], STAMP) == 1
    spool.close()


def test_held_counts_what_waits(path: Path):
    spool = opened(path)
    spool.commit([taken(), taken()], STAMP)
    spool.commit([taken()], None)
    held, payload = spool.held, spool.payload(1)
    assert payload is not None
    assert (held.batches, held.readings, held.undated) == (1, 2, 1)
    assert len(payload) < held.bytes <= 512
    spool.close()
    spool = opened(path)
    assert spool.held == held
    spool.close()


def test_a_closed_spool_still_knows_what_waits_in_it(path: Path):
    spool = opened(path)
    for _ in range(3):
        spool.commit([taken()], STAMP)
    spool.forget(2)
    held = spool.held
    spool.close()
    assert spool.held == held
    assert (held.batches, held.readings) == (2, 2)


def test_what_was_forgotten_leaves_no_row_and_the_newest_no_words(path: Path):
    spool = opened(path)
    for value in range(5):
        number = spool.commit([taken(value + 0.5)], STAMP)
        assert number is not None
        spool.forget(number)
    spool.close()
    with sqlite3.connect(path) as db:
        left = db.execute("SELECT number, lines, length(payload) FROM batch").fetchall()
    db.close()
    assert left == [(5, 0, 0)]
