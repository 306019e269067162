"""`simpang-agent record` and `replay`: a sensor's raw bytes into a file, and through its driver again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge_agent.listening import described, outcome
from edge_agent.recording.player import Difference, played
from edge_agent.recording.tape import BadTape, read
from service.command_line import BAD_SETTINGS, FAILED, fail


def replay(
    recording: Annotated[Path, typer.Argument(help="A file that `simpang-agent record` wrote.")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print differences only.")] = False,
) -> None:
    """Play a recording through its driver; exit code 1 if it says anything else than when it was recorded."""
    console = Console(highlight=False, soft_wrap=True)
    differences = 0
    try:
        head, events = read(recording)
        driver = head.made()
        for each in played(driver, events):
            if isinstance(each, Difference):
                differences += 1
                console.print(f"{recording}: line {each.number}: {each.why}", style="red", markup=False)
            elif not quiet:
                console.print(f"{each.seconds:9.3f} s  {described(each.measurement)}", markup=False)
    except BadTape as error:
        fail(str(error), BAD_SETTINGS)
    for line in outcome(driver.accepted, driver.rejected):
        console.print(line, markup=False)
    if differences:
        raise typer.Exit(FAILED)
