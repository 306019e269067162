"""What is missing and not told yet, on its way to become gap readings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from edge_agent.delivery import gaps
from edge_agent.delivery.gaps import Cause, Gap
from edge_agent.delivery.spool_file import Untold

_REFUSED_NS = 3_600 * 10**9


@dataclass(slots=True)
class Losses:
    """`untold` is written down; what belongs to forgotten batches is told, or written down, when they are deleted."""

    untold: Untold = field(default_factory=Untold)
    _holes: list[Gap] = field(default_factory=list)
    _refused: list[Gap] = field(default_factory=list)
    _refused_due: int = 0

    @property
    def must_be_told(self) -> bool:
        """Whether forgotten batches leave holes, so that they may be deleted only by a commit that tells these."""
        return bool(self._holes)

    @property
    def are_all_noted(self) -> bool:
        """Whether deleting the forgotten batches now would lose nothing from mind."""
        return not self._holes and not self._refused

    def forgotten(self, holes: Sequence[Gap], refused: Sequence[Gap]) -> None:
        """Take in what a forgotten batch leaves missing, and what its refused gap readings would have told."""
        self._holes += holes
        self._refused += refused

    def uncommitted(self, lost: Mapping[str, int]) -> None:
        """Take in readings by sensor that were lost before they had a number."""
        self.untold = self.untold.plus(lost)

    def has_to_tell(self, monotonic_ns: int) -> bool:
        """Tell whether a commit at this time would tell something."""
        is_refused_due = bool(self.untold.refused) and monotonic_ns >= self._refused_due
        return bool(self._holes or self.untold.unnumbered or self.untold.holes) or is_refused_due

    def tell_refused_again(self, monotonic_ns: int) -> None:
        """Once an hour, and first of all, tell the gaps that the hub would not hear: it may have been mended."""
        if monotonic_ns >= self._refused_due:
            self._refused_due = monotonic_ns + _REFUSED_NS
            self.untold = replace(self.untold, holes=self.untold.holes + self.untold.refused, refused=())

    def note_refused(self) -> None:
        """Write down with the deletion of their batches what the hub would not hear."""
        self.untold = replace(self.untold, refused=tuple(gaps.merged((*self.untold.refused, *self._refused))))

    def told(self, take_seq: Callable[[str, int], int]) -> list[Gap]:
        """Return what is to be told now; what had no numbers is given some."""
        lost, holes = self.untold.unnumbered, self.untold.holes
        if lost or holes:
            self.untold = Untold(refused=self.untold.refused, told_times=self.untold.told_times + 1)
        first_of = {sensor: take_seq(sensor, count) for sensor, count in lost.items()}
        unnumbered = (Gap(s, Cause.UNCOMMITTED, first, first + lost[s] - 1, lost[s]) for s, first in first_of.items())
        return [*self._holes, *holes, *unnumbered]

    def deleted(self) -> None:
        """Note that the commit that deleted the forgotten batches is made."""
        self._refused.clear()

    def were_told(self) -> None:
        """Note that the commit that tells the holes is made."""
        self._holes.clear()
