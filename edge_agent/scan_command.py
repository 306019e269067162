"""`simpang-agent scan`: which sensor is on which port, and the settings for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from drivers.catalogue import load
from edge_agent.config import AgentSettings
from edge_agent.errors import SourceLost
from edge_agent.options import DEFAULT_CONFIG, ConfigOption
from edge_agent.scanning.block import added, block, sensor_name
from edge_agent.scanning.evidence import Question, questions
from edge_agent.scanning.ports import holders, ports
from edge_agent.scanning.probe import probe
from edge_agent.scanning.verdict import Verdict, verdicts
from service.command_line import BAD_SETTINGS, FAILED, fail
from service.settings import BadSettings, parse

_Found = list[Verdict] | str
"""What is on a port, or why it cannot be opened."""

_NO_PORTS = "no serial port is plugged in / tidak ada port serial; ls -l /dev/serial/by-id"


def scan(
    port: Annotated[list[str] | None, typer.Option(help="A port's path; may be given several times. All else.")] = None,
    listen_only: Annotated[bool, typer.Option("--listen-only", help="Send nothing, whatever is on the port.")] = False,
    addresses: Annotated[int, typer.Option(min=0, max=247, help="Modbus addresses to ask, from 1 to this one.")] = 3,
    patience: Annotated[float, typer.Option(min=0.1, max=20, help="How long to listen and wait, times the usual.")] = 1,
    write: Annotated[bool, typer.Option("--write", help="Add what is certain to the settings file.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Name the sensors on the serial ports: listen first, then ask harmless questions, each told before it is sent."""
    console = Console(highlight=False, soft_wrap=True)
    chosen = port or ports()
    if not chosen:
        fail(_NO_PORTS)
    text, taken, configured = _present(config) if write else ("", set(), set())
    asked = [] if listen_only else questions(range(1, addresses + 1))
    found = asyncio.run(_scan(chosen, asked, patience, console))
    blocks = [
        settings
        for path, said in found.items()
        for settings in _shown(console, path, said, taken)
        if path not in configured
    ]
    if write:
        _write(console, config, text, blocks)
    if not any(each.names for said in found.values() if isinstance(said, list) for each in said):
        raise typer.Exit(FAILED)


async def _scan(
    paths: list[str], asked: list[Question], patience: float, console: Console
) -> dict[str, list[Verdict] | str]:
    """Return a verdict for each port, or why it could not be opened; all ports at the same time."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task(f"{len(paths)} ports are listened to / {len(paths)} port didengarkan", total=None)
        tell = partial(console.print, style="dim", markup=False)
        found = await asyncio.gather(*(_one(path, asked, patience, tell) for path in paths))
    return dict(zip(paths, found, strict=True))


async def _one(path: str, asked: list[Question], patience: float, tell: Callable[[str], None]) -> _Found:
    try:
        return verdicts(await probe(path, asked, patience=patience, tell=tell))
    except SourceLost as error:
        held = holders(path)
        return f"{error}; it is open in {', '.join(held)}" if held else str(error)


def _shown(console: Console, path: str, said: _Found, taken: set[str]) -> list[str]:
    """Print what is on a port, and return the settings of what is certain."""
    console.print(path, style="bold", markup=False)
    if isinstance(said, str):
        console.print(f"  {said}", style="red", markup=False)
        return []
    certain = []
    for each in said:
        _print(console, each)
        if not each.names:
            continue
        name = sensor_name(each.names[0], taken)
        taken.add(name)
        settings = block(path, each, name)
        console.print(settings, markup=False)
        certain += [settings] if each.is_certain else []
    return certain


def _print(console: Console, said: Verdict) -> None:
    if said.names:
        doubt = "" if said.is_certain else "  these cannot be told apart / tidak dapat dibedakan:"
        console.print(f"  {load(said.names[0]).title}" if said.is_certain else doubt, style="green", markup=False)
        for name in said.names if doubt else ():
            console.print(f"    {name}: {load(name).title}", markup=False)
    for line in (*said.evidence, *said.remedies):
        console.print(f"  {line}", markup=False)


def _present(config: Path) -> tuple[str, set[str], set[str]]:
    """Return the settings as they stand, and the names and ports in them."""
    try:
        text = config.read_text(encoding="utf-8")
        present = parse(config, text, AgentSettings)
        return text, set(present.sensors()), {sensor.port for sensor in present.serial}
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{config} cannot be read: {error}", BAD_SETTINGS)
    except BadSettings as error:
        fail(str(error), BAD_SETTINGS)


def _write(console: Console, config: Path, text: str, blocks: list[str]) -> None:
    if not blocks:
        console.print(f"{config}: nothing new that is certain; it stays as it is", markup=False)
        return
    try:
        added(config, text, "\n".join(blocks))
    except BadSettings as error:
        fail(f"{error}\n{config} stays as it is", BAD_SETTINGS)
    except OSError as error:
        fail(f"{config} cannot be written: {error}")
    console.print(f"{config}: {len(blocks)} added; the hub must know them too (hub.toml, sensors)", markup=False)
