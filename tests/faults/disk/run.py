"""All cases of the disk, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.faults.disk import blocks, kills, power, proof, refusals, rot, sharing
from tests.faults.disk.row import Row

CASES = ("kills", "power", "blocks", "rot", "refusals", "sharing", "broken")


def all_rows(*, images: int, short: bool, only: Sequence[str] = CASES) -> Iterator[Row]:
    """Run the cases one after the other and yield their rows; `images` power cuts are made."""
    runs = {
        "kills": lambda: kills.rows(short=short),
        "power": lambda: power.rows(images, short=short),
        "blocks": lambda: blocks.rows(short=short),
        "rot": lambda: rot.rows(short=short),
        "refusals": lambda: refusals.rows(short=short),
        "sharing": sharing.rows,
        "broken": proof.rows,
    }
    for case in only:
        yield from runs[case]()
