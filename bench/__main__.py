"""Measures everything, prints a table and writes bench/RESULTS.md."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figure import Figure

RESULTS = Path(__file__).with_name("RESULTS.md")
PARTS = ("lines", "disk", "memory", "sensors", "vision", "counting")


def main() -> None:
    """Run every part."""
    console = Console()
    figures: list[Figure] = []
    for part in PARTS:
        measure: Callable[[], Iterable[Figure]] = import_module(f"bench.{part}").measure
        with console.status(f"measuring {part} …"):
            figures += measure()
    table = Table("figure", "value", "note")
    for figure in figures:
        table.add_row(figure.what, figure.value, figure.note)
    console.print(table)
    RESULTS.write_text(_markdown(figures), encoding="utf-8")
    console.print(f"written to {RESULTS.relative_to(Path.cwd())}")


def _markdown(figures: Iterable[Figure]) -> str:
    machine = f"{platform.machine()}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    rows = [f"| {figure.what} | {figure.value} | {figure.note} |" for figure in figures]
    return "\n".join(
        [
            "# Measured figures",
            "",
            f"Written by `make bench` on {machine}.",
            "",
            "| figure | value | note |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()
