"""The spool under a killed process, a full disk and bytes that rot."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.delivery.batch_table import PAGE
from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolDamaged, SpoolUnwritable
from tests.support.spooling import STAMP, accounted, all_rows, next_seq, opened, rows_in, taken

_READINGS = 40
_MORE_THAN_A_PAGE = 400
_ALL = {(batch * _READINGS + value, batch * 10 + value / 7) for batch in range(10) for value in range(_READINGS)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A closed spool of ten batches of 40 readings."""
    return _filled(tmp_path / "full", readings=_READINGS)


def _filled(path: Path, *, readings: int) -> Path:
    spool = opened(path)
    for batch in range(10):
        spool.commit([taken(batch * 10 + value / 7) for value in range(readings)], STAMP)
    spool.close()
    return path


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)


def _where(path: Path, number: int) -> int:
    """Return where in the file the middle of a batch's document lies."""
    with sqlite3.connect(path) as db:
        payload = db.execute("SELECT payload FROM batch WHERE number = ?", (number,)).fetchone()[0]
    db.close()
    data, middle = path.read_bytes(), len(payload) // 2
    parts = (payload[begin:][:30] for begin in range(middle, len(payload), 10))
    return next(data.index(part) for part in parts if part in data)


@pytest.mark.parametrize("batches", [1, 7, 40])
def test_a_kill_in_the_middle_of_commits_loses_nothing_committed(path: Path, batches: int):
    command = [sys.executable, "-m", "tests.support.committing_child", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        said = [int(child.stdout.readline()) for _ in range(batches)]
        os.kill(child.pid, signal.SIGKILL)
        said += [int(line) for line in child.stdout.read().split(b"\n")[:-1]]
    spool = opened(path)
    kept = spool.after(0, limit=10**6)
    assert kept[: len(said)] == said
    assert len(kept) <= len(said) + 2
    assert [r.seq for r in all_rows(spool) if r.sensor == "dust"] == list(range(len(kept)))
    assert spool.damaged is None
    assert spool.commit([taken()], STAMP) == kept[-1] + 1
    assert rows_in(spool, kept[-1] + 1)[0].seq == len(kept)
    spool.close()


def test_a_commit_is_on_the_disk_when_it_returns(path: Path):
    """A power cut cannot be played here; what SQLite promises for it can be looked at."""
    spool = opened(path)
    said = [spool._file.db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert said == ["wal", 2]
    spool.close()


def _own_mounts() -> list[str]:
    """Return the command that runs another with mounts of its own; skips where that is not allowed."""
    command = ["unshare", "--mount", "--propagation", "private"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("a file system of its own cannot be mounted here")
    return command


def test_a_full_disk_is_refused_without_loss_and_works_again_when_freed(tmp_path: Path):
    script = f'mount -t tmpfs -o size=512k tmpfs "$0" && exec "{sys.executable}" -m tests.support.full_disk "$0"'
    command = [*_own_mounts(), "sh", "-c", script, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said == {"why": said["why"], "unchanged": True, "lost": 0, "lost later": 0}
    assert "full" in said["why"] or "I/O" in said["why"]


@pytest.fixture
def read_only(full: Path) -> Iterator[Spool]:
    """A spool whose file may not be written."""
    spool = opened(full)
    spool._file.db.execute("PRAGMA query_only = 1")
    yield spool
    spool.close()


def test_a_disk_that_turned_read_only_refuses_and_still_hands_out(read_only: Spool):
    with pytest.raises(SpoolUnwritable):
        read_only.commit([taken()], STAMP)
    assert len(all_rows(read_only)) == 10 * _READINGS
    read_only._file.db.execute("PRAGMA query_only = 0")
    assert read_only.commit([taken()], STAMP) == 11


def test_a_call_after_the_closing_is_a_defect_and_no_damage(path: Path):
    spool = opened(path)
    spool.commit([taken()], STAMP)
    spool.close()
    with pytest.raises(sqlite3.ProgrammingError):
        spool.forget(1)
    assert not list(path.parent.glob("spool.damaged-*"))
    spool = opened(path)
    assert spool.held.readings == 1
    spool.close()


def test_what_is_no_database_is_set_aside_and_a_new_spool_begins(path: Path):
    path.write_bytes(b"this is no spool" * 1000)
    spool = opened(path)
    assert spool.damaged is not None
    assert spool.damaged.read_bytes() == b"this is no spool" * 1000
    assert spool.commit([taken()], STAMP) is not None
    spool.close()
    spool = opened(path)
    assert (spool.damaged, spool.held.readings) == (None, 1)
    spool.close()


def test_a_new_spool_after_damage_draws_a_new_epoch_and_takes_everything_over(full: Path):
    spool = opened(full)
    epoch, rows = spool.epoch, all_rows(spool)
    spool.close()
    _flip(full, 0)
    spool = opened(full)
    assert spool.epoch != epoch
    assert all_rows(spool) == rows
    number = spool.commit([taken()], STAMP)
    assert number is not None
    assert [(r.family, r.seq) for r in rows_in(spool, number)] == [("air", 10 * _READINGS)]
    spool.close()


@pytest.mark.parametrize(("share", "batches"), [(0.2, 0), (0.75, 1), (0.9, 6)])
def test_a_file_cut_short_is_taken_over_as_far_as_it_goes(full: Path, share: float, batches: int):
    """The first half of so small a file is its tables' roots."""
    os.truncate(full, int(full.stat().st_size * share))
    spool = opened(full)
    assert spool.damaged is not None
    rows = all_rows(spool)
    assert {(r.seq, r.values["pm2_5"]) for r in rows} <= _ALL
    assert len(rows) >= batches * _READINGS
    assert spool.commit([taken()], STAMP) is not None
    spool.close()


def test_an_empty_file_is_a_new_spool(path: Path):
    path.touch()
    spool = opened(path)
    assert spool.damaged is None
    assert spool.commit([taken()], STAMP) == 1
    spool.close()


def test_a_rotten_batch_becomes_a_gap_and_all_others_survive(full: Path):
    _flip(full, _where(full, 4))
    spool = opened(full)
    assert spool.payload(4) is None
    assert spool.after(0, limit=99) == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    number = spool.commit([taken()], STAMP)
    assert number == 11
    gap = rows_in(spool, number)[-1]
    assert (gap.family, gap.sensor, gap.labels) == ("gap", "dust", {"cause": "damaged"})
    assert gap.values == {"first": 3 * _READINGS, "last": 4 * _READINGS - 1, "count": _READINGS}
    assert accounted(all_rows(spool))["dust"] == 10 * _READINGS + 2
    spool.close()


def test_a_batch_that_rots_on_its_way_still_has_its_number_of_lines(full: Path):
    spool = opened(full)
    assert spool.lines(4) == _READINGS
    spool.close()
    _flip(full, _where(full, 4))
    spool = opened(full)
    assert spool.lines(4) == _READINGS
    spool.close()


def test_a_rotten_batch_is_told_once(full: Path):
    _flip(full, _where(full, 4))
    spool = opened(full)
    assert spool.payload(4) is None
    spool.commit([taken()], STAMP)
    spool.close()
    spool = opened(full)
    spool.commit([taken()], STAMP)
    assert len([r for r in all_rows(spool) if r.family == "gap"]) == 1
    assert spool.held.batches == len(spool.after(0, limit=99))
    spool.close()


def test_a_rotten_batch_is_told_though_the_disk_refuses_at_first(full: Path):
    _flip(full, _where(full, 4))
    spool = opened(full)
    assert spool.payload(4) is None
    spool._file.db.execute("PRAGMA query_only = 1")
    with pytest.raises(SpoolUnwritable):
        spool.commit([taken()], STAMP)
    spool._file.db.execute("PRAGMA query_only = 0")
    spool.commit([taken()], STAMP)
    assert accounted(all_rows(spool))["dust"] == 10 * _READINGS + 2
    spool.close()


def test_a_rotten_batch_can_be_given_up_by_the_quota(full: Path):
    _flip(full, _where(full, 1))
    spool = opened(full, quota=4_000)
    spool.commit([taken()], STAMP)
    assert spool.after(0, limit=1)[0] > 1
    rows = all_rows(spool)
    assert "damaged" in {r.labels.get("cause") for r in rows}
    assert accounted(rows)["dust"] == next_seq(spool, "dust")
    spool.close()


def test_damage_that_shows_while_running_is_told_and_the_next_opening_takes_over(tmp_path: Path):
    path = _filled(tmp_path / "spool", readings=_MORE_THAN_A_PAGE)
    spool = opened(path)
    at = _where(path, 5) // PAGE * PAGE
    data = bytearray(path.read_bytes())
    data[at : at + 4] = b"\xff\xff\xff\x7f"
    path.write_bytes(data)
    spool._file.db.execute("PRAGMA cache_size = 1")
    with pytest.raises(SpoolDamaged):
        _read_all(spool)
    spool.close()
    spool = opened(path)
    spool.commit([taken()], STAMP)
    (gap,) = [r for r in all_rows(spool) if r.family == "gap"]
    lost = range(4 * _MORE_THAN_A_PAGE, 5 * _MORE_THAN_A_PAGE)
    assert (gap.values["first"], gap.values["last"], gap.values["count"]) == (lost[0], lost[-1], len(lost))
    assert accounted(all_rows(spool))["dust"] == 10 * _MORE_THAN_A_PAGE + 2
    assert list(path.parent.glob("spool.salvaged-*"))
    spool.close()


def _read_all(spool: Spool) -> None:
    for number in range(1, 11):
        spool.payload(number)


def test_no_rotten_byte_stops_the_agent_or_costs_more_than_its_batch(full: Path, tmp_path: Path):
    """A byte may spoil a batch's document, or the facts by which alone the hole of a newest batch is known."""
    sound = full.read_bytes()
    rotten = tmp_path / "rotten"
    for at in range(0, len(sound), 61):
        rotten.write_bytes(sound)
        _flip(rotten, at)
        rows = _lines(rotten)
        assert rows <= _ALL, at
        assert len(rows) >= 9 * _READINGS, at
        for left in tmp_path.glob("rotten*"):
            left.unlink()


def _lines(path: Path) -> set[tuple[int, float]]:
    """Return what a spool hands out of its dust sensor, and see that it takes a commit, if need be after a restart."""
    for _ in range(2):
        spool = opened(path)
        try:
            said = {
                (r.seq, r.values["pm2_5"])
                for number in spool.after(0, limit=99)
                if spool.payload(number) is not None
                for r in rows_in(spool, number)
            }
            assert spool.commit([taken()], STAMP) is not None
            return said
        except SpoolDamaged:
            continue
        finally:
            spool.close()
    raise AssertionError("the second start found the damage again")
