"""The commands `simpang-hub grafana write` and `simpang-hub grafana apply`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hub.grafana.errors import BadAddress, GrafanaError, GrafanaRefused, GrafanaUnreachable
from service.secret import UnusableSecret, secret_in

DIFFERENT = 1
USAGE = 2
UNREACHABLE = 3
REFUSED = 4
FAILED = 5

app = typer.Typer(help="Dashboards for operators: as files, or sent to a running Grafana.", no_args_is_help=True)

UrlOption = Annotated[str, typer.Option(help="Grafana's address, like http://127.0.0.1:3000")]
TokenOption = Annotated[
    Path | None, typer.Option(help="A file with the token of a Grafana service account (role Admin).")
]
UserOption = Annotated[str | None, typer.Option(help="A Grafana user, where there is no token.")]
PasswordOption = Annotated[Path | None, typer.Option(help="A file with that user's password.")]
InfluxOption = Annotated[str | None, typer.Option(help="Set up the datasource too: InfluxDB as Grafana sees it.")]
DatabaseOption = Annotated[str, typer.Option(help="The database or bucket.")]
InfluxTokenOption = Annotated[Path | None, typer.Option(help="A file with a read-only token of InfluxDB.")]


@app.command()
def write(
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path("configs/grafana"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 if files differ.")] = False,
) -> None:
    """Write dashboards and provisioning files for Grafana."""
    from hub.grafana import files  # noqa: PLC0415 - Grafana's libraries are heavy, and only these commands need them

    if check:
        stale = files.different(folder)
        for path in stale:
            typer.echo(f"{folder / path}: not what the code says; run simpang-hub grafana write")
        raise typer.Exit(DIFFERENT if stale else 0)
    try:
        written = files.write(folder)
    except OSError as error:
        _end(USAGE, f"{folder} cannot be written: {error.strerror}; check the path and its permissions")
    for path in written:
        typer.echo(f"{folder / path}: written")
    typer.echo(f"{folder}: {len(written)} written, {len(files.texts()) - len(written)} up to date")


@app.command()
def apply(  # noqa: PLR0913 - one parameter an option
    *,
    url: UrlOption,
    token_file: TokenOption = None,
    username: UserOption = None,
    password_file: PasswordOption = None,
    influx_url: InfluxOption = None,
    influx_database: DatabaseOption = "simpang",
    influx_token_file: InfluxTokenOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask Grafana and say what would be done, change nothing.")
    ] = False,
) -> None:
    """Send the dashboards to a running Grafana.

    Exit codes: 2 an option is wrong, 3 Grafana is out of reach, 4 Grafana refuses, 5 Grafana fails.
    """
    from hub.grafana import dashboards, provisioning, publish  # noqa: PLC0415 - as above

    if "@" in url:
        _end(USAGE, "a password in an address is seen by everyone on this machine; use --username and --password-file")
    credential = _credential(token_file, username, password_file)
    influx_token = None if influx_token_file is None else _secret(influx_token_file, "--influx-token-file")
    source = provisioning.datasource(influx_url, influx_database, influx_token) if influx_url else None
    try:
        with publish.Publisher(url, credential, dry_run=dry_run) as publisher:
            typer.echo(f"Grafana {publisher.version()} at {url}")
            for step in publisher.steps(source, list(dashboards.as_dicts().values())):
                typer.echo(f"{step.what}: {_done(existed=step.existed, dry_run=dry_run)}")
    except BadAddress as error:
        _end(USAGE, str(error))
    except GrafanaUnreachable as error:
        _end(UNREACHABLE, str(error))
    except GrafanaRefused as error:
        _end(REFUSED, str(error))
    except GrafanaError as error:
        _end(FAILED, str(error))


def _credential(token_file: Path | None, username: str | None, password_file: Path | None) -> str | tuple[str, str]:
    if token_file is not None and username is None and password_file is None:
        return _secret(token_file, "--token-file")
    if token_file is None and username is not None and password_file is not None:
        return username, _secret(password_file, "--password-file")
    return _end(USAGE, "name either --token-file, or --username and --password-file")


def _secret(file: Path, option: str) -> str:
    try:
        secret = secret_in(file, key=option)
    except UnusableSecret as error:
        _end(USAGE, str(error))
    if not secret:
        _end(USAGE, f"{option} {file} is empty; it must hold the secret and nothing else")
    return secret


def _done(*, existed: bool, dry_run: bool) -> str:
    if dry_run:
        return "would be brought up to date" if existed else "would be created"
    return "up to date" if existed else "created"


def _end(code: int, text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(code)
