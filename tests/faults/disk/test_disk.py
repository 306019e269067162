"""The disk that loses power: what was synced stays, all else may go, and a life replayed whole is the life's files."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest

from tests.faults.disk import ledger, power, ramdisk, strace, writelog
from tests.faults.disk.disk import MERCIES, SECTOR, Disk, Mercy
from tests.faults.disk.writelog import Deed, Kind

_NOTHING, _ALL = Mercy(0, names=0, lengths=0), Mercy(1, names=1)
_MADE = [Deed(Kind.CREATE, "a"), Deed(Kind.WRITE, "a", 0, b"1" * 600), Deed(Kind.SYNC, "a"), Deed(Kind.SYNC_FOLDER)]


def _after(deeds: list[Deed], mercy: Mercy, seed: int = 1) -> dict[str, bytes]:
    disk = Disk(random.Random(seed))
    for deed in deeds:
        disk.take(deed)
    return dict(disk.after_cut(mercy))


def test_what_was_synced_is_there_and_nothing_else_need_be():
    deeds = [*_MADE, Deed(Kind.WRITE, "a", 0, b"2" * 600), Deed(Kind.CREATE, "b"), Deed(Kind.WRITE, "b", 0, b"3")]
    assert _after(deeds, _NOTHING) == {"a": b"1" * 600}
    assert _after(deeds, _ALL) == {"a": b"2" * 600, "b": b"3"}


def test_a_file_whose_name_was_not_synced_may_be_gone_with_all_that_was_synced_in_it():
    assert _after(_MADE[:-1], _NOTHING) == {}


def test_a_removed_file_may_be_back():
    assert _after([*_MADE, Deed(Kind.REMOVE, "a")], _NOTHING) == {"a": b"1" * 600}
    assert _after([*_MADE, Deed(Kind.REMOVE, "a")], _ALL) == {}


def test_a_write_may_be_torn_only_between_sectors():
    deeds, mercy = [*_MADE, Deed(Kind.WRITE, "a", 0, b"2" * 600)], Mercy(1, sectors=0.5)
    torn = {_after(deeds, mercy, seed)["a"] for seed in range(40)}
    assert torn == {first * SECTOR + rest * 88 for first in (b"1", b"2") for rest in (b"1", b"2")}


def test_a_length_may_be_there_without_the_data():
    longer = [*_MADE, Deed(Kind.WRITE, "a", 600, b"2" * 600)]
    assert _after(longer, Mercy(0, lengths=1))["a"] == b"1" * 600 + bytes(600)


def test_what_a_failed_sync_did_not_write_is_not_written_by_the_next():
    deeds = [*_MADE, Deed(Kind.WRITE, "a", 0, b"2" * 600), Deed(Kind.SYNC_FAILED, "a"), Deed(Kind.SYNC, "a")]
    assert {_after(deeds, _ALL, seed)["a"] for seed in range(40)} > {b"1" * 600, b"2" * 600}


@pytest.mark.skipif(bool(strace.missing()), reason=strace.missing())
def test_a_life_replayed_whole_leaves_the_files_that_it_left():
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
        path = Path(folder) / "spool"
        ran = strace.run(path, power.SHORT_LIFE, whole=True)
        assert (ran.status, ran.errors) == (0, "")
        replayed = _after(writelog.deeds(ran.trace, path.parent), _ALL)
        assert replayed == {"spool": path.read_bytes()}


@pytest.mark.skipif(bool(strace.missing()), reason=strace.missing())
def test_a_life_has_everything_that_is_to_be_proved():
    life = power.recorded(power.SHORT_LIFE)
    said = ledger.read(deed.data for deed in life.deeds if deed.kind is Kind.SAY)
    causes = {row.labels["cause"] for kept in said.made.values() for row in kept.rows if row.family == "gap"}
    assert {"refused", "uncommitted"} < causes
    assert said.dropped
    assert said.heard
    checkpoints = [deed for deed in life.deeds if deed.kind is Kind.SYNC and deed.name == "spool"]
    assert len(checkpoints) > 3
    assert len(MERCIES) > 5
