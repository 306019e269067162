"""Holds a mean to the readings that it stands for."""

from __future__ import annotations

from collections.abc import Sequence

from tests.simulated.ledger import hold, rows_of
from tests.support.spooling import Row


def check_mean(mean: Row, value: float, given_up: Sequence[bytes], quantity: str) -> None:
    """See that a mean lies among the readings of its minute that were given up; raises Violation (I3)."""
    named = (mean.sensor, mean.family, mean.milliseconds // 60_000)
    rows = rows_of(given_up)
    of = [row.values[quantity] for row in rows if (row.sensor, row.family, row.milliseconds // 60_000) == named]
    hold("I3", of and min(of) - 1e-6 <= value <= max(of) + 1e-6, mean, "is no mean of", of)
