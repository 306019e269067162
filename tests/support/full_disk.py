"""A process that fills the disk under a spool, commits, makes room and commits again; says what happened as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from edge_agent.errors import SpoolUnwritable
from tests.support.spooling import STAMP, accounted, all_rows, opened, taken

_CHUNK = bytes(4096)


def fill(disk: Path) -> Path:
    """Write a file until nothing more fits."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(_CHUNK)
        except OSError:
            return ballast


def refused(path: Path) -> dict[str, object]:
    """Commit until the full disk refuses, then free it and commit once more."""
    spool = opened(path)
    spool.commit([taken()], STAMP)
    ballast = fill(path.parent)
    committed, last_words = 1, ""
    while not last_words:
        before = spool.held, spool.after(0, limit=10**6)
        try:
            spool.commit([taken(float(value)) for value in range(100)], STAMP)
            committed += 100
        except SpoolUnwritable as error:
            last_words = str(error)
    unchanged = (spool.held, spool.after(0, limit=10**6)) == before
    ballast.unlink()
    spool.commit([taken()], STAMP)
    told = accounted(all_rows(spool))["dust"]
    spool.close()
    survived = accounted(all_rows(opened(path)))["dust"]
    return {"why": last_words, "unchanged": unchanged, "lost": committed + 1 - told, "lost later": told - survived}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(refused(Path(sys.argv[1]) / "spool")))
