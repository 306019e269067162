"""Draws the demo in the terminal, live and as a closing summary; titles in Indonesian and English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from hub.demo.agent_settings import AGENT, SITE
from hub.demo.scene import Scene
from hub.demo.verdict import Verdict
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import Family

_STALE_SECONDS = 15.0
_SHOWN = {
    Family.AIR: tuple(name for name, quantity in BY_FAMILY[Family.AIR].items() if not quantity.aside),
    Family.SCENE: ("measurable", "frames", "skipped", "brightness"),
    Family.HEALTH: ("latitude", "longitude", "ground_speed", "satellites", "cpu", "temperature", "memory", "rss"),
}
"""The quantities that the screen has room for."""


def draw(scene: Scene) -> RenderableType:
    """Return the live screen, which fits a terminal of 80 columns and 24 lines."""
    title = Rule(f"Simpang · {SITE} · agent {AGENT} · Ctrl-C: selesai / end", style="dim")
    return Group(title, _sensors(scene), Text(), _figures(scene), _trouble(scene))


def plain(scene: Scene) -> str:
    """Return a scene in one line."""
    return f"committed {scene.committed}, stored {_count(scene.stored)}, waiting {scene.waiting}"


def summary(scene: Scene, verdict: Verdict) -> RenderableType:
    """Return the closing summary."""
    return Group(_figures(scene), Text(), Text(verdict.words, style=verdict.style))


def _count(n: int | None) -> str:
    return "-" if n is None else str(n)


def _table(*headings: str, numbers: int) -> Table:
    """Return an empty table whose last columns hold numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for at, heading in enumerate(headings):
        number = at >= len(headings) - numbers
        table.add_column(heading, justify="right" if number else "left", no_wrap=number or at == 0)
    return table


def _sensors(scene: Scene) -> Table:
    table = _table("Sensor", "Keadaan\nState", "Nilai terbaru\nNewest values", "Umur\nAge", numbers=1)
    for source in scene.agent.get("sources", ()):
        table.add_row(source["sensor"], _state(source), Columns(_values(source), padding=(0, 2)), _age(source))
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
    return Columns([_delivery(scene), _traffic(scene)], padding=(0, 3))


def _delivery(scene: Scene) -> Table:
    table = _table("Pengiriman\nDelivery", "Bacaan\nReadings", "Batch\n", numbers=2)
    batches = scene.agent.get("batches", {})
    waiting = scene.agent.get("waiting", {})
    written = scene.hub.get("written", {})
    table.add_row("di spool / committed", str(scene.committed), str(batches.get("committed", 0)))
    table.add_row("terkirim / sent", "", str(batches.get("sent", 0)))
    table.add_row("dikirim ulang / resent", "", str(batches.get("resent", 0)))
    table.add_row("diakui / acknowledged", str(scene.acknowledged), str(batches.get("acknowledged", 0)))
    table.add_row("di basis data / stored", _count(scene.stored), str(written.get("batches", 0)))
    table.add_row("menunggu / waiting", str(scene.waiting), str(waiting.get("batches", 0)))
    return table


def _traffic(scene: Scene) -> Table:
    """Return counted traffic beside the simulator's truth."""
    directions = sorted({way for _, way in scene.truth} | {way for _, way in scene.counted})
    kinds = sorted({kind for kind, _ in scene.truth} | {kind for kind, _ in scene.counted})
    table = _table("Golongan / Class\nkamera / simulator", *directions, numbers=len(directions))
    for kind in kinds:
        table.add_row(kind, *(_pair(scene, way, [kind]) for way in directions))
    table.add_section()
    table.add_row("total", *(_pair(scene, way, kinds) for way in directions))
    return table


def _pair(scene: Scene, way: str, kinds: Sequence[str]) -> str:
    """Return what was counted in a direction, and what the simulator knows."""
    counted, truth = (sum(tally.get((kind, way), 0) for kind in kinds) for tally in (scene.counted, scene.truth))
    return f"{counted} / {truth}"


def _trouble(scene: Scene) -> Text:
    """Return what is wrong now, from agent and hub."""
    if not scene.agent:
        return Text("menyiapkan jalan, sensor, dan agen / making street, sensors and agent", style="yellow")
    told = [scene.agent.get("broker", {}).get("why", ""), str(scene.hub.get("alarm", ""))]
    told += [f"{s['sensor']}: {s['why']}" for s in scene.agent.get("sources", ()) if s["why"] and s["state"] != "live"]
    return Text("\n".join(line for line in told if line), style="yellow")
