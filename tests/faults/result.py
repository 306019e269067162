"""One row of the final table: what the oracle counted, what the case measured, and what was violated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from statistics import median


@dataclass(frozen=True, slots=True)
class Counts:
    """Where every emitted reading is."""

    emitted: int = 0
    stored: int = 0
    spooled: int = 0
    dropped: int = 0
    dead: int = 0
    before_commit: int = 0
    after_commit: int = 0
    duplicates: int = 0
    false: int = 0

    def plus(self, other: Counts) -> Counts:
        """Return both together."""
        return Counts(*(getattr(self, name) + getattr(other, name) for name in FIGURES))

    def add_up(self) -> bool:
        """Tell whether nothing is unaccounted for."""
        told = self.stored + self.spooled + self.dropped + self.dead + self.before_commit + self.after_commit
        return self.emitted == told


FIGURES = tuple(f.name for f in fields(Counts))


@dataclass
class Result:
    """What a case found."""

    counts: Counts = field(default_factory=Counts)
    trials: int = 1
    recovery: Sequence[float] = ()
    notes: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def demand(self, holds: object, what: str) -> None:
        """Note a violation unless something holds."""
        if not holds:
            self.violations.append(what)

    def aim(self, holds: object, what: str) -> None:
        """Note a figure that misses its target; a busy machine can do that, so it violates nothing."""
        if not holds:
            self.notes.append(f"TARGET MISSED: {what}")

    def plus(self, other: Result, note: str) -> Result:
        """Return both as one row."""
        return Result(
            self.counts.plus(other.counts),
            self.trials + other.trials,
            [*self.recovery, *other.recovery],
            [note, *self.notes, *other.notes],
            [*self.violations, *other.violations],
        )

    def recovered(self) -> str:
        """Return median and maximum of the seconds to recover."""
        if not self.recovery:
            return ""
        return f"{median(self.recovery):.1f} / {max(self.recovery):.1f}"
