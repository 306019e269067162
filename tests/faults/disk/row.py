"""One line of the table at the end: a case, how often it was tried, and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median, quantiles

from tests.faults.disk.verdict import Verdict

_SHOWN = 5
_HEADS = "case", "trials", "failures", "committed", "lost", "told", "false", "doubled", "recovery p50 / p99", "note"


@dataclass(slots=True)
class Row:
    """What a case found; `failures` says what broke a promise, and is empty where all were kept."""

    case: str
    trials: int = 0
    committed: int = 0
    """Readings whose commit had returned, over all trials."""
    lost: int = 0
    """Of these, the ones that are gone and that no gap tells."""
    told: int = 0
    """Of these, the ones that are gone, which a gap tells."""
    false: int = 0
    doubled: int = 0
    recovery: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    aside: list[str] = field(default_factory=list)
    """Where the file was set aside as damaged and a new one took over."""
    skipped: str = ""

    def take(self, where: str, verdict: Verdict, *, wrong: str | None = None) -> None:
        """Count a trial in; `wrong` says what is wrong where not everything that the verdict says is."""
        self.trials += 1
        self.committed += verdict.committed
        self.lost += verdict.lost
        self.told += verdict.told
        self.false += verdict.false
        self.doubled += verdict.doubled
        self.recovery.append(verdict.seconds)
        if verdict.set_aside:
            self.aside.append(where)
        wrong = verdict.wrong if wrong is None else wrong
        if wrong:
            self.failures.append(f"{where}: {wrong}")

    @property
    def seconds(self) -> str:
        """Return median and 99th percentile of the time to recover, in milliseconds."""
        if len(self.recovery) < 2:
            return "".join(f"{s * 1000:.0f} ms" for s in self.recovery)
        return f"{median(self.recovery) * 1000:.0f} / {quantiles(self.recovery, n=100)[98] * 1000:.0f} ms"

    @property
    def note(self) -> str:
        """Return what else is to say, failures first."""
        shown = self.failures[:_SHOWN]
        more = [f"and {len(self.failures) - _SHOWN} more"] if len(self.failures) > _SHOWN else []
        tally = [f"{count} {what}" for what, count in self.tally.items()]
        tally += [f"{len(self.aside)} set aside as damaged, as {self.aside[0]}"] if self.aside else []
        return "; ".join([*shown, *more, *tally, *self.notes, *([f"skipped: {self.skipped}"] if self.skipped else [])])


def table(rows: Iterable[Row]) -> str:
    """Return rows as text."""
    lines = [_HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(_HEADS) - 1)]
    return "\n".join("  ".join([*(c.ljust(w) for c, w in zip(line, widths, strict=False)), line[-1]]) for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    counts = (row.trials, len(row.failures), row.committed, row.lost, row.told, row.false, row.doubled)
    return (row.case, *map(str, counts), row.seconds, row.note)
