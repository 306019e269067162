"""Takes over into a new spool what a damaged one still holds, some batches a transaction, so that a crash goes on."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from dataclasses import replace
from itertools import islice
from pathlib import Path

from edge_agent.delivery import spool_file, undated
from edge_agent.delivery.batch_table import Level
from edge_agent.delivery.salvage import Wreck
from edge_agent.delivery.shelf import Shelf
from edge_agent.delivery.spool_file import Untold

_LOG = logging.getLogger(__name__)
_AT_ONCE = 100


def take_over(shelf: Shelf, untold: Untold, aside: Path) -> Untold:
    """Append every intact batch and undated reading of a spool that was set aside; return what is to be told now.

    The lines stay as they are, so that what the hub had already becomes the same rows again.
    """
    wreck = Wreck(aside)
    begin = spool_file.salvaged_to(shelf.db, aside)
    if not begin:
        with spool_file.transaction(shelf.db):
            shelf.go_on_from(wreck.next_seq)
    saved = wreck.saved(begin)
    batches = 0
    while some := list(islice(saved, _AT_ONCE)):
        with spool_file.transaction(shelf.db):
            for one in some:
                if one.body is not None:
                    shelf.append_lines(one.body.splitlines(keepends=True), level=Level.WHOLE)
                    batches += 1
            untold = replace(untold, holes=untold.holes + tuple(gap for one in some for gap in one.missing))
            spool_file.note_untold(shelf.db, untold)
            spool_file.note_salvaged_to(shelf.db, aside, some[-1].number)
    waiting = _undated(aside)
    with spool_file.transaction(shelf.db):
        undated.restore(shelf.db, waiting)
        spool_file.note_salvaged_to(shelf.db, aside, len(wreck))
    lost = sum(gap.count for gap in untold.holes)
    _LOG.warning(
        "the damaged spool held %d intact batches and %d undated readings; %d readings are lost, and become gaps",
        batches, len(waiting.readings), lost,
    )  # fmt: skip
    return untold


def _undated(aside: Path) -> undated.Waiting:
    """Return the undated readings that SQLite can still reach."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(aside)) as db:
        return undated.everything(db)
    return undated.Waiting()
