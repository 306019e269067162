"""The command `simpang-hub`: run, demo, tail, check, grafana."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hub.config import HubSettings
from hub.grafana import command as grafana
from hub.hub import Hub
from hub.tail import tail as print_live
from service import duration, log
from service.broker import Broker, UnusableSecret
from service.mqtt import BrokerLost
from service.settings import BadSettings, load
from service.stopping import stop_event

DEFAULT_CONFIG = Path("/etc/simpang/hub.toml")
_BAD_SETTINGS = 2

app = typer.Typer(
    help="Simpang in the command centre: takes what agents say, stores it, and acknowledges it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(grafana.app, name="grafana")
_errors = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The hub's settings, a TOML file.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say more in the log.")]
ForOption = Annotated[str | None, typer.Option("--for", help="End by itself after a time, like 30s or 5m.")]


def _load(config: Path) -> HubSettings:
    try:
        return load(config, HubSettings)
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
    """Run the hub until SIGTERM or Ctrl-C."""
    settings = _load(config)
    log.set_up(verbose=verbose)
    seconds = _seconds(stop_after)

    async def serve() -> None:
        await Hub(settings, status_file=status_file).run(stop_event(seconds))

    try:
        asyncio.run(serve())
    except UnusableSecret as error:
        _errors.print(f"{config}: {error}", markup=False)
        raise typer.Exit(_BAD_SETTINGS) from error


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Validate the settings without opening anything; exit code 2 if something must be mended."""
    settings = _load(config)
    agents = f"{len(settings.agents)} agents" if settings.registration == "closed" else "open registration"
    typer.echo(f"{config}: good. Broker {settings.broker}, store {settings.store.kind}, {agents}")


@app.command()
def demo(
    stop_after: ForOption = None,
    folder: Annotated[Path | None, typer.Option(help="Keep files and logs there.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same street.")] = 1,
) -> None:
    """Run a whole city on this machine; exit code 1 if a committed reading is neither stored nor waiting."""
    from hub.demo.processes import DemoFailed  # noqa: PLC0415  only the demo needs an embedded broker
    from hub.demo.show import show  # noqa: PLC0415  likewise

    log.set_up()
    seconds = _seconds(stop_after)

    async def serve() -> bool:
        return await show(Console(), stop_event(seconds), folder=folder, seed=seed)

    try:
        adds_up = asyncio.run(serve())
    except DemoFailed as error:
        _errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    raise typer.Exit(0 if adds_up else 1)


@app.command()
def tail(
    config: ConfigOption = DEFAULT_CONFIG,
    broker: Annotated[str | None, typer.Option(help="Without a settings file: HOST:PORT of the broker.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print the line-protocol documents as they are.")] = False,
    stop_after: ForOption = None,
) -> None:
    """Print batches, acknowledgements and states live."""
    log.set_up()
    chosen = _load(config).broker if broker is None else _address(broker)
    seconds = _seconds(stop_after)

    async def serve() -> None:
        await print_live(chosen, Console(), stop_event(seconds), raw=raw)

    try:
        asyncio.run(serve())
    except BrokerLost as error:
        _errors.print(str(error), markup=False)
        raise typer.Exit(1) from error


def _address(text: str) -> Broker:
    host, _, port = text.rpartition(":")
    try:
        return Broker(host=host, port=int(port))
    except ValueError as error:
        wanted = f"{text!r} is not HOST:PORT, like 127.0.0.1:1883"
        raise typer.BadParameter(wanted, param_hint="--broker") from error


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
