"""A spool knows whether a commit without readings is due, so that an idle agent leaves its disk alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolUnwritable
from telemetry.quality import Quality
from tests.support.spooling import STAMP, opened, opening, rot, taken

_HOLE = Gap("dust", Cause.REFUSED, 0, 0, 1)
_ESTIMATED = replace(STAMP, quality=Quality.TIME_ESTIMATED)
_HOUR_LATER = replace(STAMP, monotonic_ns=STAMP.monotonic_ns + 3_601 * 10**9)


def _refused_reading(spool: Spool) -> None:
    """Let the hub refuse a gap reading, which is told again after an hour."""
    spool.forget(1, refused=[_HOLE])
    for number in range(2, 65):
        spool.forget(number)
    spool.commit([taken()], STAMP)


@pytest.mark.parametrize(
    "wait",
    [
        pytest.param(lambda spool: spool.commit([taken()], None), id="undated"),
        pytest.param(lambda spool: spool.forget(1, [_HOLE]), id="hole"),
        pytest.param(lambda spool: [spool.forget(number) for number in range(1, 65)], id="many-forgotten"),
    ],
)
def test_what_waits_for_a_commit_makes_one_due(tmp_path: Path, wait: Callable[[Spool], object]):
    spool = _with_batches(tmp_path / "spool")
    assert not spool.has_to_commit(STAMP)
    assert not spool.has_to_commit(None)
    wait(spool)
    assert spool.has_to_commit(STAMP)
    spool.commit([], STAMP)
    assert not spool.has_to_commit(STAMP)
    spool.close()


def test_what_the_hub_would_not_hear_makes_one_due_after_an_hour(tmp_path: Path):
    spool = _with_batches(tmp_path / "spool")
    _refused_reading(spool)
    assert not spool.has_to_commit(STAMP)
    assert spool.has_to_commit(_HOUR_LATER)
    assert spool.commit([], _HOUR_LATER) is not None
    assert not spool.has_to_commit(_HOUR_LATER)
    spool.close()


def test_a_new_boot_is_dated_once_its_clock_is_vouched_for(tmp_path: Path):
    _with_batches(tmp_path / "spool").close()
    spool = opened(tmp_path / "spool", boot="22222222-2222-2222-2222-222222222222")
    assert not spool.has_to_commit(None)
    assert not spool.has_to_commit(_ESTIMATED)
    assert spool.has_to_commit(STAMP)
    spool.commit([], STAMP)
    assert not spool.has_to_commit(STAMP)
    spool.close()


def test_what_a_damaged_spool_had_not_told_makes_one_due_when_it_has_come_over(tmp_path: Path):
    spool = _with_batches(tmp_path / "spool")
    spool.commit([], None, {"dust": 3})
    spool.close()
    rot(tmp_path / "spool")
    spool = opening(tmp_path / "spool")
    assert spool.is_taking_over
    while spool.take_over():
        assert spool.is_taking_over
    assert not spool.is_taking_over
    assert spool.has_to_commit(STAMP)
    spool.close()


def test_a_refused_commit_makes_one_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its pages may still look committed to a salvage, until the log is renewed."""
    spool = _with_batches(tmp_path / "spool")
    with monkeypatch.context() as patched:
        patched.setattr(spool._intake, "write", _refuse)
        with pytest.raises(SpoolUnwritable):
            spool.commit([taken()], STAMP)
    assert spool.has_to_commit(STAMP)
    spool.commit([], STAMP)
    assert not spool.has_to_commit(STAMP)
    spool.close()


def _refuse(*_: object) -> int:
    raise SpoolUnwritable("the spool refuses: disk is full")


def _with_batches(path: Path) -> Spool:
    spool = opened(path)
    for value in range(70):
        spool.commit([taken(value / 7)], STAMP)
    return spool
