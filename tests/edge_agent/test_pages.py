"""The log of a spool: what was committed there is known without SQLite, and nothing else is taken for it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.delivery import pages
from edge_agent.delivery.batch_table import PAGE
from edge_agent.delivery.pages import Pages, local_size, varint
from edge_agent.errors import SpoolUnwritable
from tests.support.spooling import STAMP, accounted, all_rows, killed, opened, taken

_HEADER, _FRAME = 32, 24 + PAGE
_READINGS = 40
_NOW = 10**9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _killed(path: Path, *, batches: int = 20) -> Path:
    """Return a copy of a spool as a kill leaves it, all in its log."""
    spool = opened(path)
    for batch in range(batches):
        spool.commit([taken(batch * 10 + value / 7) for value in range(_READINGS)], STAMP)
    left = killed(path, path.with_name("left"))
    spool.close()
    return left


def _flip(path: Path, at: int, bit: int = 0xFF) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= bit
    path.write_bytes(data)


def _encoded(value: int) -> bytes:
    """Return SQLite's varint of a number below 2^56."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**56 - 1), st.binary(max_size=4), st.binary(max_size=4))
def test_a_varint_is_read_where_it_stands(value: int, before: bytes, after: bytes):
    said = _encoded(value)
    assert varint(before + said + after, len(before)) == (value, len(before) + len(said))


def test_a_varint_of_nine_bytes_has_64_bits_and_a_cut_one_raises():
    assert varint(b"\xff" * 9, 0) == (2**64 - 1, 9)
    with pytest.raises(IndexError):
        varint(b"\x81\x82", 0)


def test_what_lies_in_a_leaf_is_what_sqlite_puts_there(path: Path):
    """Beside what lies there, each page that follows takes all but its first four bytes."""
    spool = opened(path)
    for size in range(0, 3 * PAGE, 7):
        spool._file.db.execute("INSERT INTO batch VALUES (?, 0, 1, 1, ?, x'')", (size + 1, bytes(size)))
        pages_before = spool._file.db.execute("PRAGMA page_count").fetchone()[0]
        spool._file.db.execute("DELETE FROM batch")
        spool._file.db.execute("VACUUM")
        payload = 1 + 5 + 1 + len(_encoded(2 * size + 12)) - 1 + size
        following = -(-(payload - local_size(payload, PAGE)) // (PAGE - 4))
        left = spool._file.db.execute("PRAGMA page_count").fetchone()[0]
        assert pages_before - left == following, size
    spool.close()


def test_the_newest_of_each_page_is_what_a_checkpoint_writes(path: Path):
    left = _killed(path)
    seen = Pages(left, PAGE)
    newest = [seen.page(number, _NOW) for number in range(1, 400)]
    with closing(sqlite3.connect(left)) as db:
        count = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = left.read_bytes()
    assert [data[at : at + PAGE] for at in range(0, count * PAGE, PAGE)] == newest[:count]
    assert not any(newest[count:])
    assert seen.page(0, _NOW) == b""


def test_a_sound_log_is_counted_as_sqlite_counts_it(path: Path):
    left = _killed(path)
    committed = len(pages.log(left, PAGE))
    with closing(sqlite3.connect(left)) as db:
        assert db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1] == committed > 0


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_a_damaged_page_in_the_log_is_noticed(path: Path, share: float):
    left = _killed(path)
    frames = (_wal(left).stat().st_size - _HEADER) // _FRAME
    _flip(_wal(left), _HEADER + int(frames * share) * _FRAME + 200)
    spool = opened(left)
    assert spool.damaged is not None
    spool.close()


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_a_damaged_page_in_the_log_costs_no_more_than_the_batches_on_it(path: Path, share: float):
    left = _killed(path)
    frames = (_wal(left).stat().st_size - _HEADER) // _FRAME
    _flip(_wal(left), _HEADER + int(frames * share) * _FRAME + 200)
    spool = opened(left)
    assert spool.damaged is not None
    assert len({r.seq for r in all_rows(spool)}) >= 18 * _READINGS
    spool.commit([], STAMP)
    assert accounted(all_rows(spool))["dust"] == spool._shelf.books.next_seq["dust"] >= 20 * _READINGS
    spool.close()


@pytest.mark.parametrize("at", [0, 5, 9, 17, 25])
def test_a_damaged_head_of_the_log_costs_nothing(path: Path, at: int):
    left = _killed(path)
    _flip(_wal(left), at)
    spool = opened(left)
    assert len({r.seq for r in all_rows(spool)}) == 20 * _READINGS
    spool.close()


@pytest.mark.parametrize("cut", [1, 24, 30, PAGE, _FRAME, 2 * _FRAME + 5])
def test_a_log_that_was_torn_in_its_last_commit_is_no_damage(path: Path, cut: int):
    """What a kill or a power cut leaves of a commit that did not return."""
    spool = opened(path)
    for batch in range(5):
        spool.commit([taken(batch + 0.5)], STAMP)
    before = _wal(path).stat().st_size
    spool.commit([taken(value / 7) for value in range(400)], STAMP)
    left = killed(path, path.with_name("left"))
    spool.close()
    assert _wal(left).stat().st_size - cut > before
    with _wal(left).open("r+b") as log:
        log.truncate(_wal(left).stat().st_size - cut)
    spool = opened(left)
    assert spool.damaged is None
    assert [r.seq for r in all_rows(spool)] == list(range(5))
    spool.close()


def test_pages_that_a_transaction_spilled_before_it_was_killed_are_no_damage(path: Path):
    spool = opened(path)
    spool.commit([taken(1.5)], STAMP)
    spool._file.db.execute("PRAGMA cache_size = 5")
    before = _wal(path).stat().st_size
    spool._file.db.execute("BEGIN IMMEDIATE")
    for number in range(100, 200):
        spool._file.db.execute("INSERT INTO batch VALUES (?, 0, 1, 1, ?, x'00')", (number, bytes(900)))
    assert _wal(path).stat().st_size > before, "it spills"
    left = killed(path, path.with_name("left"))
    spool._file.db.execute("ROLLBACK")
    spool.close()
    spool = opened(left)
    assert spool.damaged is None
    assert [r.seq for r in all_rows(spool)] == [0]
    spool.close()


def test_pages_of_an_earlier_life_of_the_log_are_no_damage(path: Path):
    spool = opened(path)
    for value in range(30):
        spool.commit([taken(value + 0.5)], STAMP)
    longest = _wal(path).stat().st_size
    spool._file.db.execute("PRAGMA wal_checkpoint(RESTART)")
    spool.commit([taken(99.5)], STAMP)
    assert _wal(path).stat().st_size == longest, "the log begins anew over the old one"
    left = killed(path, path.with_name("left"))
    spool.close()
    spool = opened(left)
    assert spool.damaged is None
    assert len(all_rows(spool)) == 31
    spool.close()


def test_a_clean_start_never_finds_damage(path: Path):
    """Killed, closed and checkpointed in turn."""
    for life in range(4):
        spool = opened(path)
        assert spool.damaged is None
        spool.commit([taken(life + 0.5)], STAMP)
        if life % 2:
            spool._file.db.execute("PRAGMA wal_checkpoint(FULL)")
        left = killed(path, path.with_name(f"left-{life}"))
        spool.close()
        path = left
    spool = opened(path)
    assert (spool.damaged, len(all_rows(spool))) == (None, 4)
    spool.close()


def test_a_refused_commit_comes_back_neither_after_a_success_nor_after_a_kill(path: Path):
    """Its pages are in the log, longer than those of the commit that succeeds, and end as a whole transaction does."""
    spool = opened(path)
    spool.commit([taken(1.5)], STAMP)
    begin = _wal(path).stat().st_size
    spool.commit([taken(value / 7) for value in range(300)], STAMP)
    written = _wal(path).read_bytes()
    spool.close()
    _rolled_back(path, begin, written)


def _rolled_back(path: Path, begin: int, written: bytes) -> None:
    """Play a disk that took a commit's pages and refused to sync them: they lie where the next commit begins."""
    fresh = path.with_name("fresh")
    spool = opened(fresh)
    spool.commit([taken(1.5)], STAMP)
    wal = _wal(fresh)
    end = wal.stat().st_size
    assert end == begin
    salt = wal.read_bytes()[16:24]
    tail = bytearray(written[begin:])
    for at in range(0, len(tail) - _FRAME + 1, _FRAME):
        tail[at + 8 : at + 16] = salt
    with wal.open("ab") as log:
        log.write(tail)
    spool._file.has_stale_log = True
    spool.commit([taken(2.5)], STAMP)
    left = killed(fresh, fresh.with_name("left"))
    spool.close()
    spool = opened(left)
    assert spool.damaged is None
    assert [r.values["pm2_5"] for r in all_rows(spool)] == [1.5, 2.5]
    spool.close()


def test_the_log_is_emptied_after_a_commit_that_failed(path: Path):
    spool = opened(path)
    spool.commit([taken(1.5)], STAMP)
    spool._file.db.execute(f"PRAGMA max_page_count={spool._file.db.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(SpoolUnwritable):
        spool.commit([taken(value / 7) for value in range(1000)], STAMP)
    spool._file.db.execute("PRAGMA max_page_count=1000000")
    spool.commit([taken(2.5)], STAMP)
    assert _wal(path).stat().st_size == 0
    assert [r.values["pm2_5"] for r in all_rows(spool)] == [1.5, 2.5]
    spool.close()


_READS_WHAT_IS_CUT = """
import os, sys
from pathlib import Path
from edge_agent.delivery.pages import Pages
path = Path(sys.argv[1])
pages = Pages(path, 512)
os.truncate(path, 512)
pages.page(2000, 0)
"""


def test_a_file_that_cannot_be_read_to_its_end_ends_no_agent(path: Path):
    """A bad block shows in mapped memory as a file cut meanwhile does: by SIGBUS, which nothing catches."""
    path.write_bytes(bytes(4096 * 1024))
    ran = subprocess.run([sys.executable, "-c", _READS_WHAT_IS_CUT, str(path)], capture_output=True, check=False)
    assert ran.returncode != -signal.SIGBUS, "killed"


def test_a_missing_or_empty_file_has_no_pages(path: Path):
    assert (list(Pages(path, PAGE).ordinals()), pages.log(path, PAGE)) == ([], [])
    path.touch()
    _wal(path).write_bytes(b"\x37" * 20)
    assert (list(Pages(path, PAGE).ordinals()), pages.log(path, PAGE)) == ([], [])
