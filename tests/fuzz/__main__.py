"""`python -m tests.fuzz`: every surface under the coverage-guided fuzzer, and a table of what it found."""

from __future__ import annotations

import argparse
import importlib.util
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.fuzz.campaign import ROOT, Outcome, fuzzed
from tests.fuzz.findings import CRASHES
from tests.fuzz.surfaces import SURFACES

SLOWEST = 10
"""Milliseconds for each KiB that an input may take."""

_UNAVAILABLE = 2
_MEGABYTE = 1 << 20


def main() -> int:
    """Return 0 if nothing failed, 1 if something did, 2 where there is no fuzzer."""
    asked = _asked()
    if importlib.util.find_spec("atheris") is None:
        print(
            "atheris, the coverage-guided fuzzer, is not installed. `make fuzz` installs it where there are wheels:"
            f" Linux on x86_64, Python 3.11 to 3.13. This is {platform.system()} on {platform.machine()}, Python"
            f" {platform.python_version()}.",
            file=sys.stderr,
        )
        return _UNAVAILABLE
    outcomes = _outcomes(asked.surfaces or list(SURFACES), asked.folder.resolve(), asked.minutes * 60)
    Console().print(_table(outcomes))
    return _verdict(outcomes, asked.folder)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="CPU minutes for each surface (10)")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz", help="where findings go (build/fuzz)")
    parser.add_argument("surfaces", nargs="*", metavar="SURFACE", type=_known, help=", ".join(SURFACES))
    return parser.parse_args()


def _known(name: str) -> str:
    if name not in SURFACES:
        raise argparse.ArgumentTypeError(f"there is no surface {name!r}; there are {', '.join(SURFACES)}")
    return name


def _outcomes(names: list[str], folder: Path, seconds: float) -> list[Outcome]:
    outcomes = []
    with Progress(console=Console(stderr=True)) as progress:
        for name in names:
            task = progress.add_task(name, total=seconds)
            tell = lambda gone, task=task: progress.update(task, completed=gone)  # noqa: E731
            outcomes.append(fuzzed(SURFACES[name], folder / name, seconds, tell=tell))
            progress.update(task, completed=seconds)
    return outcomes


def _table(outcomes: list[Outcome]) -> Table:
    table = Table(caption="ms/KiB: CPU time of the slowest input, not instrumented; MB: the most that one input took")
    for heading in ("surface", "executions", "CPU s", "crashes", "ms/KiB", "MB"):
        table.add_column(heading, justify="left" if heading == "surface" else "right")
    for o in outcomes:
        pace = f"{o.pace:.2f}" + (f" > {SLOWEST}" if o.pace > SLOWEST else "")
        table.add_row(
            o.name, f"{o.executions:,}", f"{o.cpu_seconds:.0f}", str(o.crashes), pace, f"{o.memory / _MEGABYTE:.1f}"
        )
    return table


def _verdict(outcomes: list[Outcome], folder: Path) -> int:
    crashed = [outcome.name for outcome in outcomes if outcome.crashes]
    for name in crashed:
        print(f"crashes of {name}: {folder / name / CRASHES}, and {folder / name / 'log'}")
    return 1 if crashed else 0


if __name__ == "__main__":
    sys.exit(main())
