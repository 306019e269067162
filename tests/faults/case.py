"""What a case is: a name from the list of faults, how many trials, and what runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.result import Result


class NotRun(Exception):
    """This machine cannot inject the fault; the text says why."""


Run = Callable[[Path, int], Result]
"""Takes an empty folder and the number of trials."""


@dataclass(frozen=True, slots=True)
class Case:
    """One fault."""

    name: str
    title: str
    run: Run
    full: int = 1
    short: int | None = None
    """Trials in the short set, None if the case is not in it."""
    is_long: bool = False
    """Whether it runs only where it is named."""
    is_variant: bool = False
    """Whether the product is broken on purpose, and catching it is what holds."""
    is_peer: bool = False
    """Whether another system is judged, to be compared with."""
