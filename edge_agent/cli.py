"""The command `simpang-agent`: run, check, listen, record, replay, scan, calibrate, spool."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from drivers.catalogue import known, load
from drivers.errors import DriverError
from drivers.parts.options import Value, checked
from edge_agent import calibrate_command, listening, recording_command, scan_command, spool_command
from edge_agent.config import AgentSettings
from edge_agent.lean import Order, become
from edge_agent.options import DEFAULT_CONFIG, ConfigOption
from edge_agent.recording import recorder
from edge_agent.serial_config import SerialSensor
from edge_agent.sources.source import Vitals
from edge_agent.taken import Taken
from service import log
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
from service.stopping import stop_event

_CAMERA = "{sensor} is a camera, and listen is for serial sensors; what it sees, the hub's `simpang-hub tail` prints. "

SensorOption = Annotated[str | None, typer.Option(help="A serial sensor of the settings file.")]
DriverOption = Annotated[
    str | None,
    typer.Option(help=f"Without a settings file: {', '.join(known())}, or the full path of a description."),
]
PortOption = Annotated[str | None, typer.Option(help="Without a settings file: the port's path.")]
OptionOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="What the driver wants to know of the device, like gas=no2."),
]
BaudOption = Annotated[
    int | None,
    typer.Option(min=300, max=4_000_000, help="The line's speed, where the device was set to another."),
]

app = application("Simpang at the site: reads sensors and cameras and delivers every reading to the hub.")
app.add_typer(spool_command.app, name="spool")


@app.command()
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    status_file: StatusFileOption = None,
    stop_after: ForOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run the agent until SIGTERM or Ctrl-C; what is committed by then is kept."""
    become(Order(settings(config, AgentSettings), status_file, seconds(stop_after), verbose))


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Validate the settings without opening anything; exit code 2 if something must be mended."""
    good = settings(config, AgentSettings)
    sensors = ", ".join(good.sensors()) or "none"
    note(config, good)
    typer.echo(f"{config}: good. Agent {good.agent} at {good.site}, sensors: {sensors}")


@app.command()
def listen(  # noqa: PLR0913, PLR0917 - the parameters are the options of the command line
    config: ConfigOption = DEFAULT_CONFIG,
    sensor: SensorOption = None,
    driver: DriverOption = None,
    port: PortOption = None,
    option: OptionOption = None,
    baud: BaudOption = None,
    stop_after: ForOption = None,
) -> None:
    """Print one serial sensor's decoded readings; nothing is stored or sent."""
    chosen, after = _chosen(config, sensor, driver, port, option or []), seconds(stop_after)
    chosen = chosen if baud is None else chosen.model_copy(update={"baud": baud})
    log.set_up()

    async def serve() -> bool:
        return await listening.listen(chosen, Console(highlight=False, soft_wrap=True), stop_event(after))

    if not asyncio.run(serve()):
        raise typer.Exit(FAILED)


@app.command()
def record(  # noqa: PLR0913, PLR0917 - the parameters are the options of the command line
    out: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    config: ConfigOption = DEFAULT_CONFIG,
    sensor: SensorOption = None,
    driver: DriverOption = None,
    port: PortOption = None,
    option: OptionOption = None,
    baud: BaudOption = None,
    stop_after: ForOption = None,
) -> None:
    """Record a serial sensor's raw bytes with their times, until Ctrl-C; `replay` plays them."""
    chosen, after = _chosen(config, sensor, driver, port, option or []), seconds(stop_after)
    chosen = chosen if baud is None else chosen.model_copy(update={"baud": baud})
    log.set_up()
    console = Console(highlight=False, soft_wrap=True)

    async def serve() -> tuple[Vitals, str]:
        def told(taken: Taken) -> None:
            console.print(listening.described(taken.measurement), markup=False)

        return await recorder.record(chosen, out, stop_event(after), told)

    try:
        vitals, lost = asyncio.run(serve())
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}")
    if lost:
        console.print(lost, style="red", markup=False)
    for line in listening.outcome(vitals.frames, vitals.rejected):
        console.print(line, markup=False)
    if not vitals.frames:
        raise typer.Exit(FAILED)


app.command("replay")(recording_command.replay)
app.command("scan")(scan_command.scan)
app.command("calibrate")(calibrate_command.calibrate)


def _chosen(config: Path, sensor: str | None, driver: str | None, port: str | None, option: list[str]) -> SerialSensor:
    """Return the sensor to listen to, from driver and port or from the settings file."""
    if driver is not None and port is not None:
        return SerialSensor.model_construct(
            sensor=sensor or driver, driver=driver, port=port, options=_options(driver, option)
        )
    if driver is not None or port is not None or option:
        fail("--driver, --port and --option belong together", BAD_SETTINGS)
    good = settings(config, AgentSettings)
    serial = {s.sensor: s for s in good.serial}
    if sensor is None and len(serial) == 1:
        return next(iter(serial.values()))
    if sensor not in serial:
        present = ", ".join(serial) or "none"
        camera = _CAMERA.format(sensor=sensor) if sensor in {c.sensor for c in good.camera} else ""
        raise typer.BadParameter(f"{camera}{config} has the serial sensors: {present}", param_hint="--sensor")
    return serial[sensor]


def _options(driver: str, said: list[str]) -> dict[str, Value]:
    """Return the options of a driver as they stand on the command line."""
    try:
        return checked(load(driver).options, dict(_option(each) for each in said))
    except DriverError as error:
        fail(str(error), BAD_SETTINGS)


def _option(said: str) -> tuple[str, Value]:
    name, _, value = said.partition("=")
    try:
        return name, float(value)
    except ValueError:
        return name, value


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
