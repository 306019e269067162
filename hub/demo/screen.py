"""Draws the demo in the terminal, live and as a closing summary; titles in Indonesian and English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hub.demo.processes import AGENT, SITE
from hub.demo.scene import Scene
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family

_STALE_SECONDS = 15.0
_SHOWN = {
    Family.AIR: tuple(BY_FAMILY[Family.AIR]),
    Family.SCENE: ("measurable", "frames", "skipped", "brightness"),
    Family.HEALTH: ("latitude", "longitude", "ground_speed", "satellites", "cpu", "temperature", "memory", "rss"),
}
"""The quantities that the screen has room for."""


def draw(scene: Scene) -> RenderableType:
    """Return the live screen."""
    return Panel(
        Group(_sensors(scene), _figures(scene), _trouble(scene)),
        title=f"Simpang · {SITE} · agent {AGENT}",
        subtitle="Ctrl-C: selesai / end",
    )


def summary(scene: Scene) -> RenderableType:
    """Return the closing summary."""
    adds_up = not scene.missing and not scene.invented
    fault = f"TIDAK COCOK / DOES NOT ADD UP: {scene.missing} missing, {scene.invented} invented"
    waiting = scene.committed - scene.stored - scene.missing
    sentence = Text(
        f"committed {scene.committed} = stored {scene.stored} + waiting {waiting}: "
        + ("cocok / adds up" if adds_up else fault),
        style="bold green" if adds_up else "bold red",
    )
    return Group(_figures(scene), sentence)


def _table(*headings: str, numbers: int) -> Table:
    """Return an empty table whose last columns hold numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, heading in enumerate(headings):
        number = at >= len(headings) - numbers
        table.add_column(heading, justify="right" if number else "left", no_wrap=number or at == 0)
    return table


def _sensors(scene: Scene) -> Table:
    table = _table("Sensor", "Keadaan / State", "Nilai terbaru / Newest values", "Umur / Age", numbers=1)
    for source in scene.agent.get("sources", ()):
        table.add_row(source["sensor"], _state(source), "  ".join(_values(source)), _age(source))
    return table


def _values(source: Mapping[str, Any]) -> Iterator[str]:
    """Yield a source's newest values with title and unit."""
    newest = source["newest"]
    for family, names in _SHOWN.items():
        for name in names:
            value = newest.get(f"{family}.{name}")
            if value is not None:
                quantity = BY_FAMILY[family][name]
                yield f"{quantity.title_id} {value:.6g} {quantity.unit}".rstrip()


def _state(source: Mapping[str, Any]) -> Text:
    return Text(source["state"], style="green" if source["state"] == "live" else "yellow")


def _age(source: Mapping[str, Any]) -> Text:
    age = source.get("frame_age")
    if age is None:
        return Text("-")
    return Text(f"{age:.1f} s", style="green" if age < _STALE_SECONDS else "bold red")


def _figures(scene: Scene) -> Columns:
    """Return delivery and traffic, side by side where the terminal is wide enough."""
    return Columns([_delivery(scene), _traffic(scene)], padding=(0, 4))


def _delivery(scene: Scene) -> Table:
    table = _table("Pengiriman / Delivery", "Readings", "Batch", numbers=2)
    batches = scene.agent.get("batches", {})
    waiting = scene.agent.get("waiting", {})
    written = scene.hub.get("written", {})
    table.add_row("di spool / committed", str(scene.committed), "")
    table.add_row("terkirim / sent", "", str(batches.get("sent", 0)))
    table.add_row("dikirim ulang / sent again", "", str(batches.get("resent", 0)))
    table.add_row("diakui / acknowledged", str(scene.agent.get("stored", 0)), str(batches.get("acknowledged", 0)))
    table.add_row("di basis data / stored", str(scene.stored), str(written.get("batches", 0)))
    table.add_row("menunggu / waiting", str(scene.waiting), str(waiting.get("batches", 0)))
    return table


def _traffic(scene: Scene) -> Table:
    """Return counted traffic beside the simulator's truth."""
    directions = sorted({way for _, way in scene.truth} | {way for _, way in scene.counted})
    pairs = [heading for way in directions for heading in (way, f"{way}, simulator")]
    table = _table("Golongan", *pairs, numbers=len(pairs))
    for kind in sorted({kind for kind, _ in scene.truth} | {kind for kind, _ in scene.counted}):
        figures = [tally.get((kind, way), 0) for way in directions for tally in (scene.counted, scene.truth)]
        table.add_row(kind, *map(str, figures))
    table.add_section()
    totals = [_sum(tally, way) for way in directions for tally in (scene.counted, scene.truth)]
    table.add_row("jumlah", *map(str, totals))
    return table


def _sum(tally: Mapping[tuple[str, str], int], way: str) -> int:
    return sum(n for (_, direction), n in tally.items() if direction == way)


def _trouble(scene: Scene) -> Text:
    """Return what is wrong now, from agent and hub."""
    told = [scene.agent.get("broker", {}).get("why", ""), str(scene.hub.get("alarm", ""))]
    told += [f"{s['sensor']}: {s['why']}" for s in scene.agent.get("sources", ()) if s["why"] and s["state"] != "live"]
    return Text("\n".join(line for line in told if line), style="yellow")
