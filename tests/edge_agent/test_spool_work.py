"""What the spool does for one commit, and to open, does not grow with what waits in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from edge_agent.delivery import spool_file
from tests.support.spooling import STAMP, opened, taken

_STEP = 50


class Meter:
    """Counts the steps of SQLite's machine, which time on a busy computer cannot blur."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps = 0
        opening = spool_file.open_database

        def metered(path: Path) -> sqlite3.Connection:
            db = opening(path)
            db.set_progress_handler(self._count, _STEP)
            return db

        monkeypatch.setattr(spool_file, "open_database", metered)

    def _count(self) -> int:
        self.steps += _STEP
        return 0


def _steps(path: Path, meter: Meter, waiting: int) -> tuple[int, int]:
    """Return the steps to open a spool in which so many batches wait, and to commit after sixteen acknowledgements."""
    spool = opened(path)
    for value in range(waiting):
        spool.commit([taken(value + 0.5)], STAMP)
    spool.close()
    meter.steps = 0
    spool = opened(path)
    opening, meter.steps = meter.steps, 0
    for number in spool.after(0, limit=16):
        spool.forget(number)
    spool.commit([taken()], STAMP)
    committing = meter.steps
    spool.close()
    return opening, committing


def test_a_full_spool_is_opened_and_committed_to_as_fast_as_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Meter(monkeypatch)
    few, many = _steps(tmp_path / "few", meter, 20), _steps(tmp_path / "many", meter, 2_000)
    assert few[1] > 0
    assert many[0] <= few[0] + _STEP
    assert many[1] <= few[1] + _STEP
