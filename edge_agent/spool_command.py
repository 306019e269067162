"""The commands `simpang-agent spool status`, `capacity`, `verify` and `export`: what waits on this pole."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from edge_agent.config import AgentSettings
from edge_agent.delivery import spool_file
from edge_agent.delivery.batch_table import Level
from edge_agent.delivery.inspection import Inspection, damage, lines_of
from edge_agent.errors import AgentError
from edge_agent.options import DEFAULT_CONFIG, ConfigOption
from service.command_line import FAILED, fail, settings

app = typer.Typer(help="What waits in this agent's spool; safe while the agent runs.", no_args_is_help=True)

_MEGABYTE = 1024 * 1024
_DAY = 86_400
_LEVELS = (
    "utuh / whole",
    "rata-rata menit / one-minute means",
    "tanpa keadaan / without states",
    "hitungan saja / counts only",
)

JsonOption = Annotated[bool, typer.Option("--json", help="For machines.")]


@app.command()
def status(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Say how much waits for the hub, since when, and what was given up."""
    chosen = settings(config, AgentSettings)
    with _opened(chosen) as spool:
        said = _status(spool, chosen)
    if as_json:
        typer.echo(json.dumps(said))
        return
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("berkas / file", str(chosen.spool.path))
    table.add_row("agen berjalan / agent runs", "ya / yes" if said["agent_runs"] else "tidak / no")
    table.add_row("menunggu / waiting", f"{said['readings']} pembacaan / readings, {said['batches']} batch")
    table.add_row("kuota / quota", f"{said['megabytes']:.1f} / {chosen.spool.quota_mb} MB")
    if said["oldest"]:
        table.add_row("tertua / oldest", said["oldest"])
        table.add_row("terbaru / newest", said["newest"])
    for words, count in zip(_LEVELS, said["levels"], strict=True):
        if count:
            table.add_row(words, f"{count} batch")
    table.add_row("menunggu waktu / undated", str(said["undated"]))
    table.add_row("hilang, belum dilaporkan / lost, not told yet", str(said["untold"]))
    for aside in said["coming_over"]:
        table.add_row("rusak, sedang diambil alih / damaged, being taken over", aside)
    for aside in said["set_aside"]:
        table.add_row("rusak, sudah diambil alih / damaged, taken over", aside)
    Console(highlight=False).print(table)


def _status(spool: Inspection, chosen: AgentSettings) -> dict[str, Any]:
    levels, untold, span = spool.levels(), spool.untold(), spool.span()
    path = chosen.spool.path
    return {
        **spool.identity(),
        "agent_runs": spool.is_held(),
        "batches": sum(count for count, _, _ in levels.values()),
        "readings": sum(lines for _, lines, _ in levels.values()),
        "megabytes": round(sum(size for _, _, size in levels.values()) / _MEGABYTE, 3),
        "levels": [levels.get(level, (0, 0, 0))[0] for level in Level],
        "oldest": _moment(span[0]) if span else "",
        "newest": _moment(span[1]) if span else "",
        "undated": spool.undated(),
        "untold": untold.unnumbered.total() + sum(gap.count for gap in untold.holes),
        "coming_over": [str(aside) for aside in spool_file.to_salvage(path)],
        "set_aside": [str(aside) for aside in spool_file.salvaged(path)],
    }


@app.command()
def capacity(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Say for how many days without a hub the quota lasts at the present rate."""
    chosen = settings(config, AgentSettings)
    with _opened(chosen) as spool:
        rate = spool.rate()
    if rate is None:
        fail("the spool holds less than 10 s of readings, so there is no rate to tell; try while the agent runs")
    quota = chosen.spool.quota_mb * _MEGABYTE
    whole, means = quota / rate.bytes / _DAY, quota / (rate.bytes * rate.thinned_share) / _DAY
    if as_json:
        said = {"readings_per_second": rate.readings, "bytes_per_second": rate.bytes, "days": whole}
        typer.echo(json.dumps(said | ({"days_as_means": means} if chosen.spool.thin else {})))
        return
    typer.echo(f"{rate.readings:.1f} pembacaan/detik, readings a second; {rate.bytes:.0f} B/s; {quota // _MEGABYTE} MB")
    typer.echo(f"utuh / whole: {whole:.1f} hari / days")
    if chosen.spool.thin:
        typer.echo(f"lalu rata-rata satu menit, then as one-minute means: {means:.0f} hari / days")


@app.command()
def verify(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Read the whole spool and name what is damaged; exit code 1 if anything is."""
    chosen = settings(config, AgentSettings)
    with _opened(chosen) as spool, _progress("verify", spool) as (progress, task):
        faults = list(spool.faults())
        count = 0
        for row in spool.rows():
            fault = damage(row)
            faults += [fault] if fault else []
            count += 1
            progress.advance(task)
    for fault in faults:
        typer.echo(fault)
    typer.echo(f"{count} batch, {len(faults)} rusak / damaged")
    raise typer.Exit(FAILED if faults else 0)


@app.command()
def export(
    config: ConfigOption = DEFAULT_CONFIG,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; standard output without.")] = None,
) -> None:
    """Write everything that waits as line protocol, to be carried by hand; nothing is forgotten by it.

    InfluxDB's /write takes the file as it is. When the agent delivers the same readings later, they are the same rows.
    """
    chosen = settings(config, AgentSettings)
    with _opened(chosen) as spool, _progress("export", spool) as (progress, task), _file(output) as file:
        written = 0
        for row in spool.rows():
            written += file.write(b"".join(lines_of(row.payload)))
            progress.advance(task)
        waiting = spool.undated()
    said = Console(stderr=True, highlight=False)
    said.print(f"{written} B; {waiting} pembacaan belum bertanggal / readings have no date yet and are not exported")
    for aside in spool_file.to_salvage(chosen.spool.path):
        said.print(f"belum seluruhnya diekspor, masih diambil alih / not all exported, still being taken over: {aside}")


@contextmanager
def _file(output: Path | None) -> Iterator[BinaryIO]:
    """Open the file to write to, which must be new; end with words where it refuses."""
    try:
        with output.open("xb") if output is not None else nullcontext(sys.stdout.buffer) as file:
            yield file
    except OSError as error:
        fail(f"{output or 'standard output'}: {error.strerror}")


@contextmanager
def _opened(chosen: AgentSettings) -> Iterator[Inspection]:
    path = chosen.spool.path
    if not path.is_file():
        fail(f"no spool at {path} yet; has the agent run, and may you read there? Try sudo")
    try:
        with Inspection(path) as spool:
            yield spool
    except AgentError as error:
        fail(str(error))


@contextmanager
def _progress(what: str, spool: Inspection) -> Iterator[tuple[Progress, Any]]:
    """Show how far it is."""
    total = sum(count for count, _, _ in spool.levels().values())
    with Progress(console=Console(stderr=True), transient=True) as progress:
        yield progress, progress.add_task(what, total=total)


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().isoformat(sep=" ", timespec="seconds")
