"""Draws the demo in the terminal, live and as a closing summary; titles in Indonesian and English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hub.demo.processes import AGENT, SITE
from hub.demo.scene import Scene
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family, Quantity

_STALE_SECONDS = 15.0
_HIDDEN = ("health.frames", "health.rejected", "health.restarts", "health.frame_age")
_SHOWN_FAMILIES = (Family.AIR, Family.HEALTH, Family.SCENE)


def draw(scene: Scene) -> RenderableType:
    """Return the live screen."""
    return Panel(
        Group(_sensors(scene), Columns([_delivery(scene), _counts(scene)], padding=(0, 3)), _trouble(scene)),
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
    return Group(_delivery(scene), _counts(scene), sentence)


def _sensors(scene: Scene) -> Table:
    table = Table(title="Sensor", title_justify="left", expand=True)
    for heading in ("Sensor", "Keadaan / State", "Besaran / Quantity"):
        table.add_column(heading)
    table.add_column("Nilai / Value", justify="right")
    table.add_column("Satuan / Unit")
    table.add_column("Umur / Age", justify="right")
    for source in scene.agent.get("sources", ()):
        first = True
        for quantity, value in _values(source):
            head = (source["sensor"], _state(source)) if first else ("", Text())
            table.add_row(*head, quantity.title_id, _number(value), quantity.unit, _age(source) if first else Text())
            first = False
        if first:
            table.add_row(source["sensor"], _state(source), "", "", "", _age(source))
    return table


def _values(source: Mapping[str, Any]) -> Iterator[tuple[Quantity, float]]:
    """Yield a source's newest values that say something to people."""
    for key, value in source["newest"].items():
        family, name = key.split(".")
        if family in _SHOWN_FAMILIES and key not in _HIDDEN:
            yield BY_FAMILY[Family(family)][name], value


def _state(source: Mapping[str, Any]) -> Text:
    return Text(source["state"], style="green" if source["state"] == "live" else "yellow")


def _age(source: Mapping[str, Any]) -> Text:
    age = source.get("frame_age")
    if age is None:
        return Text("-")
    return Text(f"{age:.1f} s", style="green" if age < _STALE_SECONDS else "bold red")


def _number(value: float) -> str:
    return f"{value:.5f}" if abs(value) < 200 and value != round(value, 2) else f"{value:g}"


def _delivery(scene: Scene) -> Table:
    table = Table(title="Pengiriman / Delivery", title_justify="left")
    table.add_column("")
    table.add_column("Pembacaan / Readings", justify="right")
    table.add_column("Batch", justify="right")
    batches = scene.agent.get("batches", {})
    waiting = scene.agent.get("waiting", {})
    table.add_row("tersimpan di spool / committed", str(scene.committed), "")
    table.add_row("terkirim / sent", "", f"{batches.get('sent', 0)} ({batches.get('resent', 0)} again)")
    table.add_row("diakui hub / acknowledged", str(scene.agent.get("stored", 0)), str(batches.get("acknowledged", 0)))
    table.add_row("di basis data / stored", str(scene.stored), str(scene.hub.get("written", {}).get("batches", 0)))
    table.add_row("menunggu / waiting", str(scene.waiting), str(waiting.get("batches", 0)))
    return table


def _counts(scene: Scene) -> Table:
    table = Table(title="Lalu lintas / Traffic", title_justify="left")
    table.add_column("Golongan / Class")
    directions = sorted({way for _, way in scene.truth} | {way for _, way in scene.counted})
    for way in directions:
        table.add_column(f"{way}: hitung / counted", justify="right")
        table.add_column("simulator", justify="right")
    for kind in sorted({kind for kind, _ in scene.truth} | {kind for kind, _ in scene.counted}):
        _count_row(table, kind, [(scene.counted.get((kind, w), 0), scene.truth.get((kind, w), 0)) for w in directions])
    table.add_section()
    _count_row(table, "jumlah / total", [(_sum(scene.counted, w), _sum(scene.truth, w)) for w in directions])
    return table


def _count_row(table: Table, name: str, pairs: list[tuple[int, int]]) -> None:
    table.add_row(name, *(str(figure) for pair in pairs for figure in pair))


def _sum(tally: Mapping[tuple[str, str], int], way: str) -> int:
    return sum(n for (_, direction), n in tally.items() if direction == way)


def _trouble(scene: Scene) -> Text:
    """Return what is wrong now, from agent and hub."""
    told = [scene.agent.get("broker", {}).get("why", ""), str(scene.hub.get("alarm", ""))]
    told += [f"{s['sensor']}: {s['why']}" for s in scene.agent.get("sources", ()) if s["why"]]
    return Text("\n".join(line for line in told if line), style="yellow")
