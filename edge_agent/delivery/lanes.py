"""Two lanes to the hub: fresh batches at once, and behind them the backlog, from its oldest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_FRESH = 4


@dataclass(slots=True)
class Lanes:
    """How far each lane has come, as batch numbers; the backlog is all up to `split` that was not sent yet.

    Both lanes may come to a fresh batch below it, which the first sends.
    """

    split: int = 0
    fresh: int = 0
    backlog: int = 0

    def restart(self, newest: int, released: Sequence[int]) -> None:
        """Begin on a new link: all but the newest few batches are backlog, with what was on its way and may be lost."""
        self.backlog = min([self.backlog, *(number - 1 for number in released)])
        self.split = self.fresh = max(0, newest - _FRESH)

    def see_late(self, newest: int) -> None:
        """Take what the fresh lane passes over, up to a batch, into the backlog."""
        self.split = max(self.split, newest)

    def put_back(self, number: int) -> None:
        """Take a batch that was let go into the backlog."""
        self.backlog = min(self.backlog, number - 1)
        self.see_late(number)

    @property
    def has_backlog(self) -> bool:
        """Whether the backlog may hold more to send."""
        return self.backlog < self.split

    def drained(self) -> None:
        """Note that no batch of the backlog is left to be admitted."""
        self.backlog = self.split
