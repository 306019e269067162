"""The commands `simpang-hub dead list`, `show` and `replay`: what became of lines that were refused."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hub.config import HubSettings
from hub.dead_letter import DeadLetter, read
from hub.errors import Hold, TryAgain
from hub.inlet import believed
from hub.options import DEFAULT_CONFIG, ConfigOption
from hub.registry import Registry
from hub.replay import chances, replay
from hub.stores.make import made
from hub.tail import harmless
from service.command_line import BAD_SETTINGS, FAILED, fail, settings
from service.secret import UnusableSecret

app = typer.Typer(help="Lines that no store would take: what they are, and another chance.", no_args_is_help=True)

_TO_THE_SECOND = 19
"""Letters of an ISO time that tell it to the second."""

AgentOption = Annotated[str | None, typer.Option(help="Only this agent's.")]
WhyOption = Annotated[str | None, typer.Option(help="Only those whose reason holds this text.")]


@app.command(name="list")
def list_causes(config: ConfigOption = DEFAULT_CONFIG, agent: AgentOption = None, why: WhyOption = None) -> None:
    """Count dead letters by agent and cause."""
    letters = list(_of(_file(config), agent, why))
    counted = Counter((_agent(letter), letter.cause) for letter in letters)
    table = Table("agen / agent", "sebab / cause", "baris / lines", "terakhir / last")
    newest = {(_agent(letter), letter.cause): letter.at for letter in letters}
    for (name, cause), count in counted.most_common():
        table.add_row(name, cause, str(count), newest[name, cause][:_TO_THE_SECOND])
    Console().print(table if counted else "tidak ada / none")


@app.command()
def show(
    config: ConfigOption = DEFAULT_CONFIG,
    agent: AgentOption = None,
    why: WhyOption = None,
    most: Annotated[int, typer.Option(help="The newest so many.", min=1)] = 20,
) -> None:
    """Print dead letters with their reason, the newest last."""
    for letter in list(_of(_file(config), agent, why))[-most:]:
        typer.echo(harmless(f"{letter.at} {_agent(letter)} batch {letter.batch} line {letter.line}: {letter.why}"))
        typer.echo(f"  {harmless(letter.text)}")


@app.command(name="replay")
def replay_letters(
    config: ConfigOption = DEFAULT_CONFIG,
    agent: AgentOption = None,
    why: WhyOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be stored, write nothing.")] = False,
) -> None:
    """Write to the store what is acceptable by now, after a sensor was registered or the software updated.

    Doing so twice is harmless: the same line is the same row. The embedded store takes one program at a time: stop the
    hub first. Exit code 1 if nothing could be stored.
    """
    chosen = settings(config, HubSettings)
    registry = Registry(chosen.agents, is_open=chosen.registration == "open")
    letters = _of(chosen.dead_letter.path, agent, why)
    found = chances(letters, registry, believed(chosen.times, time.time_ns()))
    refused = Counter[str]() if dry_run else _written(config, chosen, found.lines)
    stored = len(found.lines) - refused.total()
    typer.echo(f"{stored} lines {'would be stored' if dry_run else 'stored'}")
    for cause, count in (found.refused + refused).most_common():
        typer.echo(f"  {count} still refused: {cause}")
    raise typer.Exit(0 if stored or not found.refused + refused else FAILED)


def _written(config: Path, chosen: HubSettings, lines: Sequence[bytes]) -> Counter[str]:
    """Write the lines, showing how far it is; return what the store refuses."""

    async def write() -> Counter[str]:
        store = made(chosen.store)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("dead letters", total=len(lines))
            try:
                await store.prepare()
                return await replay(store, lines, lambda done: progress.advance(task, done))
            finally:
                await store.close()

    try:
        return asyncio.run(write()) if lines else Counter()
    except UnusableSecret as error:
        fail(f"{config}: {error}", BAD_SETTINGS)
    except (TryAgain, Hold) as error:
        fail(f"{error}; what was written stays, try again later")


def _file(config: Path) -> Path:
    return settings(config, HubSettings).dead_letter.path


def _of(file: Path, agent: str | None, why: str | None) -> Iterator[DeadLetter]:
    """Yield the letters that are asked for; ends where this user may not read them."""
    try:
        for letter in read(file):
            if agent in (None, _agent(letter)) and (why or "") in letter.why:
                yield letter
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}; use sudo, or the hub's own account", BAD_SETTINGS)


def _agent(letter: DeadLetter) -> str:
    return letter.topic.split("/")[3] if letter.topic.count("/") >= 3 else letter.topic
