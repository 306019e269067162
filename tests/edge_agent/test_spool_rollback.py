"""A refused commit that cannot even be undone is seen by nobody: the spool is closed, and goes on when it is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from edge_agent.delivery import spool_file
from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolUnwritable
from tests.support.spooling import STAMP, opened, rows_in, taken


class _Stubborn(sqlite3.Connection):
    """Refuses to commit and to roll back, as where there is no memory for either."""

    refuses = False

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        if self.refuses and sql in ("COMMIT", "ROLLBACK"):
            error = sqlite3.OperationalError("out of memory")
            error.sqlite_errorcode = sqlite3.SQLITE_NOMEM
            raise error
        return super().execute(sql, *args)


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spool:
    monkeypatch.setattr(
        spool_file,
        "open_database",
        lambda path: sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=_Stubborn),
    )
    return opened(tmp_path / "spool")


def test_what_could_neither_be_committed_nor_undone_is_never_read(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    spool.commit([taken(1.5)], STAMP)
    monkeypatch.setattr(_Stubborn, "refuses", True)
    with pytest.raises(SpoolUnwritable, match="out of memory"):
        spool.commit([taken(2.5)], STAMP)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        spool.after(0, limit=10)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        spool.commit([taken(2.5)], STAMP)
    spool._file.close()
    monkeypatch.setattr(_Stubborn, "refuses", False)
    spool = opened(tmp_path / "spool")
    spool.commit([taken(3.5)], STAMP)
    assert [(r.values["pm2_5"], r.seq) for number in (1, 2) for r in rows_in(spool, number)] == [(1.5, 0), (3.5, 1)]
    spool.close()
