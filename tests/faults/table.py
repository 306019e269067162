"""The final table, on the terminal and as Markdown."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil

from tests.faults.case import Case
from tests.faults.result import FIGURES, Result

HEADINGS = (
    "case", "trials", "emitted", "stored", "spooled", "dropped (reported)", "dead (reported)", "lost before commit",
    "lost after commit", "duplicates", "false", "seconds to recover (median / max)", "verdict and what else was seen",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A case and what became of it."""

    case: Case
    result: Result | None
    why: str = ""
    """Why it was not run, or what broke it."""

    @property
    def failed(self) -> bool:
        """Whether an invariant was violated or the case broke."""
        return bool(self.result and self.result.violations and not self.case.is_peer)

    def cells(self) -> list[str]:
        """Return the row."""
        name = f"{self.case.name} {self.case.title}"
        if self.result is None:
            return [name, "0", *[""] * (len(FIGURES) + 1), f"not run: {self.why}"]
        counts = [f"{getattr(self.result.counts, figure):,}" for figure in FIGURES]
        seen = "; ".join([*self.verdict(), *self.result.notes])
        return [name, str(self.result.trials), *counts, self.result.recovered(), seen]

    def verdict(self) -> list[str]:
        """Return what is violated; a peer has promised nothing that it could violate."""
        assert self.result is not None
        if self.case.is_peer:
            lost = self.result.counts.before_commit + self.result.counts.after_commit
            return [f"{lost:,} readings lost"]
        return [f"VIOLATED {v}" for v in self.result.violations] or ["holds"]


def markdown(lines: Sequence[Line]) -> list[str]:
    """Return the table as Markdown."""
    rows = [f"| {' | '.join(cell.replace('|', '/') for cell in line.cells())} |" for line in lines]
    return [f"| {' | '.join(HEADINGS)} |", "|" + "---|" * len(HEADINGS), *rows]


def machine() -> str:
    """Return what this was run on, and when."""
    memory = psutil.virtual_memory().total / 1e9
    cores = psutil.cpu_count()
    python = platform.python_version()
    return (
        f"{platform.machine()}, {cores} cores, {memory:.0f} GB, Python {python}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    )


def plain(lines: Iterable[Line]) -> str:
    """Return the table for a terminal: a block a case, since thirteen columns fit no screen."""
    blocks: list[str] = []
    for line in lines:
        cells = line.cells()
        told = [f"{heading} {cell}" for heading, cell in zip(HEADINGS[1:-1], cells[1:-1], strict=True) if cell]
        blocks.append(f"{cells[0]}\n    {', '.join(told)}\n    {cells[-1]}")
    return "\n".join(blocks)
