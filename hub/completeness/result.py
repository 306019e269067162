"""What is known of a day's completeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hub.completeness.lives import Extent
from hub.completeness.reader import Source
from hub.completeness.spans import Span

THINNED = "thinned"
"""The cause of what is there as means of minutes: coarser, not lost."""


@dataclass(frozen=True, slots=True)
class Count:
    """Numbers of an hour, or of several together."""

    found: int = 0
    explained: Mapping[str, int] = field(default_factory=dict)
    """Numbers without a row, by the cause that a gap tells."""
    unexplained: int = 0
    means: int = 0
    """Rows that are means of a minute, and have numbers of another time."""

    @property
    def expected(self) -> int:
        """How many numbers were given out."""
        return self.found + sum(self.explained.values()) + self.unexplained

    @property
    def thinned(self) -> int:
        """How many are there as means only."""
        return self.explained.get(THINNED, 0)

    @property
    def missing(self) -> int:
        """How many are not there, for a known cause."""
        return sum(self.explained.values()) - self.thinned

    @property
    def percent(self) -> float | None:
        """Return found of expected, rounded down to a tenth so that 100 is all; None where nothing was expected."""
        return self.found * 1000 // self.expected / 10 if self.expected else None

    def plus(self, other: Count) -> Count:
        """Return both together."""
        causes = self.explained.keys() | other.explained.keys()
        both = {c: self.explained.get(c, 0) + other.explained.get(c, 0) for c in sorted(causes)}
        found, means = self.found + other.found, self.means + other.means
        return Count(found, both, self.unexplained + other.unexplained, means)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Numbers without a row and without a cause, and the times of the rows before and after them."""

    span: Span
    after: int
    before: int


@dataclass(frozen=True, slots=True)
class SensorDay:
    """One sensor's day."""

    source: Source
    hours: Sequence[Count]
    new_lives: Sequence[Extent] = ()
    """Of spools that began to count in the day."""
    newest: Extent | None = None
    """The life that goes on, if no later row is there, so that what comes after its last number cannot be known."""
    unexplained: Sequence[Stretch] = ()
    twice: int = 0
    """Rows whose number another row of the same life has, which should not be."""
    cut_at: int | None = None
    """Its first number if that is not 0 and no earlier row is there, so that what came before cannot be known."""

    @property
    def total(self) -> Count:
        """The whole day."""
        whole = Count()
        for hour in self.hours:
            whole = whole.plus(hour)
        return whole
