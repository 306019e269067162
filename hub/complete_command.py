"""The command `simpang-hub complete`: which numbers of a day are stored, which are missing, and why."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.progress import Progress

from hub.completeness import document, table
from hub.completeness.assess import assessed
from hub.completeness.day import SECOND, Day
from hub.completeness.reader import Reader
from hub.completeness.result import SensorDay
from hub.completeness.statements import InfluxQl, Scope, Sql
from hub.config import EmbeddedStore, HubSettings, VictoriaStore
from hub.errors import Hold, QueryRefused, TryAgain
from hub.options import DEFAULT_CONFIG, ConfigOption
from hub.stores.make import made
from hub.stores.store import Store
from service.command_line import BAD_SETTINGS, FAILED, fail, settings
from service.secret import UnusableSecret
from telemetry.names import is_name

NO_ANSWER = 3
_FIRST_YEAR = 2000


def _name(text: str | None) -> str | None:
    if text is not None and not is_name(text):
        raise typer.BadParameter(f"{text!r} is no name: small letters, digits, single hyphens, 32 at most")
    return text


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day, like 2026-11-21") from error
    if day.year < _FIRST_YEAR:
        raise typer.BadParameter(f"{day} was before any reading")
    return day


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(f"{text!r} is no time zone, like Asia/Jakarta") from error


@asynccontextmanager
async def _opened(chosen: HubSettings) -> AsyncIterator[Store]:
    """Open the store for reading; only the embedded one needs to be opened at all."""
    store = made(chosen.store)
    try:
        if isinstance(chosen.store, EmbeddedStore):
            await store.prepare()
        yield store
    finally:
        await store.close()


def complete(  # noqa: PLR0913 - one parameter an option
    *,
    site: Annotated[str, typer.Option(help="The site.", callback=_name)],
    day: Annotated[
        date | None, typer.Option(help="The day, like 2026-11-21; without it, yesterday.", parser=_date)
    ] = None,
    agent: Annotated[str | None, typer.Option(help="Only this agent's sensors.", callback=_name)] = None,
    sensor: Annotated[str | None, typer.Option(help="Only the sensor of this name.", callback=_name)] = None,
    timezone: Annotated[
        ZoneInfo | None,
        typer.Option(help="When a day begins, like Asia/Jakarta; without it, as on this machine.", parser=_zone),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Compare the numbers that sensors gave their readings on a day with the rows that are stored.

    Exit codes: 0 every number is stored or its absence has a known cause, 1 there are numbers without a cause, 2 an
    option or the settings are wrong or no sensor is known by them, 3 the store does not answer.
    """
    asked = Day(day or _yesterday(timezone), timezone)
    if asked.begin > time.time_ns():
        raise typer.BadParameter(f"{asked.date} has not begun yet", param_hint="--day")
    chosen = settings(config, HubSettings)
    scope = Scope(site, agent, sensor)
    found = _found(config, chosen, scope, asked)
    if not found:
        _fail_unknown(chosen, scope, asked)
    if as_json:
        typer.echo(json.dumps(document.as_dict(site, asked, found), indent=2))
    else:
        console = Console(highlight=False)
        for part in table.rendered(site, asked, found):
            console.print(part)
    raise typer.Exit(FAILED if any(each.total.unexplained for each in found) else 0)


def _found(config: Path, chosen: HubSettings, scope: Scope, day: Day) -> list[SensorDay]:
    """Ask the store, showing how far it is."""
    _check_store(chosen)

    async def ask() -> list[SensorDay]:
        statements = Sql(scope) if isinstance(chosen.store, EmbeddedStore) else InfluxQl(scope)
        found: list[SensorDay] = []
        async with _opened(chosen) as store:
            with Progress(console=Console(stderr=True), transient=True) as progress:
                task = progress.add_task("sensor", total=None)
                reader = Reader(store, statements, scope.site)
                async for each in assessed(reader, day, lambda count: progress.update(task, total=count)):
                    found.append(each)
                    progress.advance(task)
        return found

    try:
        return asyncio.run(ask())
    except UnusableSecret as error:
        fail(f"{config}: {error}", BAD_SETTINGS)
    except (TryAgain, Hold, QueryRefused) as error:
        fail(f"the store does not answer: {error}", NO_ANSWER)


def _check_store(chosen: HubSettings) -> None:
    """End where the store cannot be asked at all."""
    if isinstance(chosen.store, VictoriaStore):
        why = "VictoriaMetrics answers no InfluxQL, and keeps each field as a series of its own without the row"
        fail(f"{why}: completeness needs InfluxDB or the embedded store", BAD_SETTINGS)
    if isinstance(chosen.store, EmbeddedStore) and not chosen.store.path.exists():
        fail(f"{chosen.store.path} does not exist: no hub has stored anything there yet", BAD_SETTINGS)


def _fail_unknown(chosen: HubSettings, scope: Scope, day: Day) -> None:
    asked = "/".join(filter(None, (scope.site, scope.agent, scope.sensor)))
    sites = sorted({listed.site for listed in chosen.agents})
    known = f"; sites in the settings: {', '.join(sites)}" if sites else ""
    fail(f"no row of {asked} on {day.date} or in the month before{known}", BAD_SETTINGS)


def _yesterday(zone: tzinfo | None) -> date:
    now = datetime.fromtimestamp(time.time_ns() // SECOND, UTC)
    return now.astimezone(zone).date() - timedelta(days=1)
