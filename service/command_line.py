"""What the command lines of agent and hub share: options, exit codes, and how an error is said."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from service import duration
from service.settings import BadSettings, Section, Settings, load

FAILED = 1
BAD_SETTINGS = 2

VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say more in the log.")]
ForOption = Annotated[str | None, typer.Option("--for", help="End by itself after a time, like 30s or 5m.")]
StatusFileOption = Annotated[Path | None, typer.Option(help="Write figures there as JSON, once a second.")]

_errors = Console(stderr=True, highlight=False, soft_wrap=True)


def application(purpose: str) -> typer.Typer:
    """Return an empty command line that knows `--help` and `--version`."""
    app = typer.Typer(
        help=purpose,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_common)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"simpang {version('simpang')}")
        raise typer.Exit


def _common(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Take the options that stand before a command."""


def settings(file: Path, model: type[Settings]) -> Settings:
    """Return the checked settings in a file, or end with every error named."""
    try:
        return load(file, model)
    except BadSettings as error:
        fail(str(error), BAD_SETTINGS)


def note(file: Path, chosen: Section) -> None:
    """Say what is allowed and will most likely not work."""
    for each in chosen.notes():
        typer.echo(f"{file}: note: {each}")


def seconds(text: str | None) -> float | None:
    """Return the seconds that `--for` names."""
    try:
        return None if text is None else duration.seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--for") from error


def fail(why: str, code: int = FAILED) -> NoReturn:
    """Say why on standard error and end with an exit code."""
    _errors.print(why, markup=False)
    raise typer.Exit(code)
