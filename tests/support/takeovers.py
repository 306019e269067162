"""Spools that are damaged and taken over, and ends that come in the middle of it, for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge_agent.delivery import pages
from edge_agent.delivery.batch_table import PAGE
from edge_agent.delivery.spool import Spool
from tests.support.spooling import STAMP, Row, accounted, all_rows, opened, rot, taken

BATCHES = 30


def left_damaged(path: Path) -> list[Row]:
    """Leave a spool of many batches and two undated readings, whose epoch is damaged; return its rows."""
    spool = opened(path)
    for value in range(BATCHES):
        spool.commit([taken(value + 0.5), taken(value / 7, "co2")], STAMP)
    rows = all_rows(spool)
    spool.commit([taken(501.5), taken(502.5)], None)
    spool.close()
    rot(path)
    return rows


def damaged_often(path: Path, times: int) -> None:
    """Leave a spool that was taken over from a damaged one, with one batch more each time, and is damaged now."""
    for value in range(times):
        spool = opened(path)
        spool.commit([taken(value + 0.5)], STAMP)
        spool.close()
        rot(path)


def see_whole(spool: Spool, rows: list[Row]) -> None:
    """See that everything came over once, and that what waited is dated once."""
    spool.commit([], STAMP)
    now = all_rows(spool)
    dated = [r for r in now if r.values.get("pm2_5") in (501.5, 502.5)]
    assert [r.values["pm2_5"] for r in dated] == [501.5, 502.5]
    assert [r for r in now if r not in dated] == rows
    assert accounted(now)["dust"] == spool._shelf.books.next_seq["dust"] == BATCHES + 2


class Killed(BaseException):
    """The process ends here."""


def dying_call(call: Callable[..., object], *, after: int, error: BaseException | None = None) -> Callable[..., object]:
    """Return a call that works so many times and then ends the process, or fails, before it does anything."""
    left = [after]

    def dies(*args: object, **kwargs: object) -> object:
        if not left[0]:
            raise error or Killed
        left[0] -= 1
        return call(*args, **kwargs)

    return dies


def flip_in_log(spool: Path, *, frame: int) -> None:
    wal = spool.with_name(spool.name + "-wal")
    log = bytearray(wal.read_bytes())
    log[pages.log(spool, PAGE)[frame].begin + 100] ^= 0xFF
    wal.write_bytes(log)
