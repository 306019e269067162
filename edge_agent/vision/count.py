"""Count a video file and lay the result beside what was counted by eye."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from edge_agent.vision.draw import Film, annotated
from edge_agent.vision.errors import VisionError
from edge_agent.vision.settings import Settings
from edge_agent.vision.tally import looks
from edge_agent.vision.truth import Flow, Truth, read_truth


def count(settings: Settings, *, video: Path | None = None) -> Counter[Flow]:
    """Return the crossings of a file by line and direction, showing how far it is; raises StreamLost."""
    counted: Counter[Flow] = Counter()
    with ExitStack() as stack:
        progress = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
        film = stack.enter_context(Film(video)) if video else None
        task = progress.add_task(Path(settings.url).name, total=1.0)
        for look in looks(settings):
            counted.update((crossing.line, crossing.direction) for crossing in look.seen.crossings)
            progress.update(task, completed=look.share)
            if film:
                caption = "  ".join(f"{direction} {number}" for (_, direction), number in sorted(counted.items()))
                film.add(annotated(look, settings.lines, caption), look.time)
    return counted


def table(name: str, counted: Mapping[Flow, int], truth: Truth) -> Table:
    """Return counted against truth, one row for each line and direction."""
    rows = Table("line", "direction", "counted", "truth", "optional", title=name)
    for flow in [(line.name, direction) for line in truth.lines for direction in line.directions]:
        numbers = (counted.get(flow, 0), truth.certain.get(flow, 0), truth.optional.get(flow, 0))
        rows.add_row(*flow, *map(str, numbers))
    return rows


def _command(
    file: Annotated[Path, typer.Argument(help="A video file.")],
    truth: Annotated[Path, typer.Option(help="Its lines and what crossed them, a .gt.json file.")],
    fps: Annotated[float, typer.Option(help="Pictures analysed a second; 0 for each.")] = 10.0,
    video: Annotated[Path | None, typer.Option(help="Write what was seen to this MP4 file.")] = None,
) -> None:
    """Count a video file."""
    cv2.setNumThreads(1)
    try:
        known = read_truth(truth)
        counted = count(Settings(str(file), fps=fps, lines=known.lines), video=video)
    except VisionError as error:
        Console(stderr=True).print(f"{file}: {error}")
        raise typer.Exit(1) from error
    Console().print(table(file.name, counted, known))


if __name__ == "__main__":
    typer.run(_command)
