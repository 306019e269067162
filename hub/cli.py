"""The command `simpang-hub`: run, demo, tail, check, complete, dead, grafana."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hub import dead_command as dead
from hub.complete_command import complete
from hub.config import HubSettings
from hub.grafana import command as grafana
from hub.hub import Hub
from hub.options import DEFAULT_CONFIG, ConfigOption
from hub.tail import tail as print_live
from service import log
from service.broker import Broker
from service.command_line import (
    BAD_SETTINGS,
    FAILED,
    ForOption,
    StatusFileOption,
    VerboseOption,
    application,
    fail,
    note,
    seconds,
    settings,
)
from service.mqtt import BrokerLost
from service.secret import UnusableSecret
from service.stopping import stop_event

app = application("Simpang in the command centre: takes what agents say, stores it, and acknowledges it.")
app.command()(complete)
app.add_typer(dead.app, name="dead")
app.add_typer(grafana.app, name="grafana")


@app.command()
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    status_file: StatusFileOption = None,
    stop_after: ForOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run the hub until SIGTERM or Ctrl-C."""
    chosen, after = settings(config, HubSettings), seconds(stop_after)
    log.set_up(verbose=verbose)

    async def serve() -> None:
        await Hub(chosen, status_file=status_file).run(stop_event(after))

    try:
        asyncio.run(serve())
    except UnusableSecret as error:
        fail(f"{config}: {error}", BAD_SETTINGS)


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Validate the settings without opening anything; exit code 2 if something must be mended."""
    good = settings(config, HubSettings)
    note(config, good)
    count = len(good.agents)
    agents = f"{count} agent{'s' * (count != 1)}" if good.registration == "closed" else "open registration"
    typer.echo(f"{config}: good. Broker {good.broker}, store {good.store.kind}, {agents}")


@app.command()
def demo(
    stop_after: ForOption = None,
    folder: Annotated[Path | None, typer.Option(help="Keep files and logs there.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same street.")] = 1,
) -> None:
    """Run a whole city on this machine; exit code 1 if a committed reading is neither stored nor waiting."""
    from hub.demo.processes import DemoFailed  # noqa: PLC0415  only the demo needs an embedded broker
    from hub.demo.show import show  # noqa: PLC0415  likewise

    after = seconds(stop_after)
    log.set_up()

    async def serve() -> bool:
        return await show(Console(), stop_event(after), folder=folder, seed=seed)

    try:
        adds_up = asyncio.run(serve())
    except DemoFailed as error:
        fail(str(error))
    raise typer.Exit(0 if adds_up else FAILED)


@app.command()
def tail(
    config: ConfigOption = DEFAULT_CONFIG,
    broker: Annotated[str | None, typer.Option(help="Without a settings file: HOST:PORT of the broker.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print the line-protocol documents as they are.")] = False,
    stop_after: ForOption = None,
) -> None:
    """Print batches, acknowledgements and states live."""
    chosen = settings(config, HubSettings).broker if broker is None else _address(broker)
    after = seconds(stop_after)
    log.set_up()

    async def serve() -> None:
        await print_live(chosen, Console(), stop_event(after), raw=raw)

    try:
        asyncio.run(serve())
    except BrokerLost as error:
        fail(str(error))


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
