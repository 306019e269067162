"""Takes over into a new spool what a damaged one still holds, some batches a transaction, so that a crash goes on."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from edge_agent.delivery import spool_file, undated
from edge_agent.delivery.batch_table import Level
from edge_agent.delivery.facts import Facts
from edge_agent.delivery.salvage import Saved, Wreck
from edge_agent.delivery.shelf import Shelf
from edge_agent.delivery.spool_file import Untold
from edge_agent.errors import SpoolDamaged

_LOG = logging.getLogger(__name__)
_UNREADABLE = (sqlite3.Error, SpoolDamaged, ValueError, LookupError, TypeError, MemoryError)
_AT_ONCE = 100


def take_over(shelf: Shelf, untold: Untold, aside: Path) -> Untold:
    """Append every intact batch and undated reading of a spool that was set aside; return what is to be told now.

    The lines stay as they are, so that what the hub had already becomes the same rows again.
    """
    wreck, begin = Wreck(aside), spool_file.salvaged_to(shelf.db, aside)
    return untold if begin > len(wreck) else _taken_over(shelf, untold, wreck, aside, begin)


def _taken_over(shelf: Shelf, untold: Untold, wreck: Wreck, aside: Path, begin: int) -> Untold:
    """Take over what comes after a number."""
    db, batches = shelf.db, 0
    if not begin:
        with spool_file.transaction(db):
            shelf.go_on_from(wreck.next_seq)
    saved = wreck.saved(begin)
    while some := list(islice(saved, _AT_ONCE)):
        with spool_file.transaction(db):
            batches += _append(shelf, some)
            untold = replace(untold, holes=untold.holes + tuple(gap for one in some for gap in one.missing))
            spool_file.note_untold(db, untold)
            spool_file.note_salvaged_to(db, aside, some[-1].number)
    waiting, losses = _beside(aside, wreck.facts)
    untold = untold.plus(losses.unnumbered)
    untold = replace(untold, holes=untold.holes + losses.holes, refused=untold.refused + losses.refused)
    with spool_file.transaction(db):
        undated.restore(db, waiting)
        spool_file.note_untold(db, untold)
        spool_file.note_salvaged_to(db, aside, len(wreck) + 1)
    _LOG.warning(
        "the damaged spool held %d intact batches and %d undated readings; %d readings are lost, and become gaps",
        batches, len(waiting.readings), sum(gap.count for gap in untold.holes),
    )  # fmt: skip
    return untold


def _append(shelf: Shelf, some: Sequence[Saved]) -> int:
    """Append what is intact, and return how many batches that were."""
    intact = [one.body for one in some if one.body is not None]
    for body in intact:
        shelf.append_lines(body.splitlines(keepends=True), level=Level.WHOLE)
    return len(intact)


def _beside(aside: Path, newest: Facts) -> tuple[undated.Waiting, Untold]:
    """Return the undated readings and the losses that SQLite can still reach, unless a later batch had them already."""
    waiting, untold = undated.Waiting(), Untold()
    reading = f"file:{aside}?mode=ro"
    with (
        contextlib.suppress(*_UNREADABLE),
        contextlib.closing(sqlite3.connect(reading, uri=True)) as db,
    ):
        waiting = undated.everything(db, newest.dated)
        untold = spool_file.untold(db)
    return waiting, untold if untold.told_times >= newest.told_times else Untold()
