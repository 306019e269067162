"""The command `simpang-agent`: run, check, listen."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from drivers.catalogue import known
from edge_agent import listening
from edge_agent.agent import Agent
from edge_agent.config import AgentSettings, SerialSensor
from edge_agent.errors import AgentError
from service import duration, log
from service.settings import BadSettings, load
from service.stopping import stop_event

DEFAULT_CONFIG = Path("/etc/simpang/agent.toml")
_BAD_SETTINGS = 2

app = typer.Typer(
    help="Simpang at the site: reads sensors and cameras and delivers every reading to the hub.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The agent's settings, a TOML file.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say more in the log.")]
ForOption = Annotated[str | None, typer.Option("--for", help="End by itself after a time, like 30s or 5m.")]


def _load(config: Path) -> AgentSettings:
    try:
        return load(config, AgentSettings)
    except BadSettings as error:
        _errors.print(str(error), markup=False)
        raise typer.Exit(_BAD_SETTINGS) from error


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else duration.seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--for") from error


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"simpang {version('simpang')}")
        raise typer.Exit


@app.callback()
def main_options(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command()
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    status_file: Annotated[Path | None, typer.Option(help="Write figures there as JSON, once a second.")] = None,
    stop_after: ForOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run the agent until SIGTERM or Ctrl-C; what is committed by then is kept."""
    settings = _load(config)
    log.set_up(verbose=verbose)
    seconds = _seconds(stop_after)

    async def serve() -> None:
        await Agent(settings, status_file=status_file).run(stop_event(seconds))

    try:
        asyncio.run(serve())
    except AgentError as error:
        _errors.print(str(error), markup=False)
        raise typer.Exit(1) from error


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Validate the settings without opening anything; exit code 2 if something must be mended."""
    settings = _load(config)
    sensors = ", ".join(settings.sensors()) or "none"
    typer.echo(f"{config}: good. Agent {settings.agent} at {settings.site}, sensors: {sensors}")


@app.command()
def listen(
    config: ConfigOption = DEFAULT_CONFIG,
    sensor: Annotated[str | None, typer.Option(help="A serial sensor of the settings file.")] = None,
    driver: Annotated[str | None, typer.Option(help=f"Without a settings file: one of {', '.join(known())}.")] = None,
    port: Annotated[str | None, typer.Option(help="Without a settings file: the port's path.")] = None,
    stop_after: ForOption = None,
) -> None:
    """Print one serial sensor's decoded readings; nothing is stored or sent."""
    log.set_up()
    chosen = _chosen(config, sensor, driver, port)
    seconds = _seconds(stop_after)

    async def serve() -> bool:
        return await listening.listen(chosen, Console(highlight=False), stop_event(seconds))

    if not asyncio.run(serve()):
        raise typer.Exit(1)


def _chosen(config: Path, sensor: str | None, driver: str | None, port: str | None) -> SerialSensor:
    """Return the sensor to listen to, from driver and port or from the settings file."""
    if driver is not None and port is not None:
        try:
            return SerialSensor(sensor=sensor or "sensor", driver=driver, port=port)
        except ValueError as error:
            _errors.print(str(error), markup=False)
            raise typer.Exit(_BAD_SETTINGS) from error
    serial = {s.sensor: s for s in _load(config).serial}
    if sensor is None and len(serial) == 1:
        return next(iter(serial.values()))
    if sensor not in serial:
        present = ", ".join(serial) or "none"
        raise typer.BadParameter(f"{config} has the serial sensors: {present}", param_hint="--sensor")
    return serial[sensor]


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
