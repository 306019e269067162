"""The demo's live screen, drawn from a scene of which every figure is known."""

from __future__ import annotations

import re

import pytest
from rich.console import Console

from hub.demo.scene import Scene
from hub.demo.screen import draw

NEWEST = {
    "dust": {"air.pm2_5": 37.7, "air.pm10": 70.9},
    "co2": {"air.co2": 693.0},
    "gnss": {"health.latitude": -6.19999, "health.longitude": 106.8, "health.satellites": 10.0},
    "cam-north": {"scene.measurable": 1.0, "scene.frames": 100.0, "scene.skipped": 0.0, "scene.brightness": 115.81},
    "agent": {"health.cpu": 100.0, "health.temperature": 61.5, "health.memory": 10.3, "health.rss": 43.8},
}


def source(sensor: str, *, state: str = "live", why: str = "", age: float | None = 0.4) -> dict[str, object]:
    return {"sensor": sensor, "state": state, "why": why, "frame_age": age, "newest": NEWEST[sensor]}


def scene(*sources: dict[str, object]) -> Scene:
    agent = {
        "committed": 1201,
        "batches": {"committed": 121, "sent": 123, "resent": 2, "acknowledged": 119},
        "stored": 1180,
        "waiting": {"readings": 21, "batches": 4, "undated": 0},
        "broker": {"online": True, "why": ""},
        "sources": sources or tuple(map(source, NEWEST)),
    }
    counted = {("car", "in"): 41, ("motorcycle", "in"): 112, ("car", "out"): 17, ("lorry", "out"): 3}
    truth = {("car", "in"): 42, ("motorcycle", "in"): 115, ("car", "out"): 18, ("pedestrian", "out"): 6}
    return Scene(agent, {"written": {"batches": 120}}, 1190, counted, truth)


def drawn(seen: Scene, width: int = 80) -> list[str]:
    console = Console(width=width, height=24, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(draw(seen))
    return capture.get().splitlines()


@pytest.mark.parametrize("width", [80, 160])
def test_it_fits_the_smallest_terminal_with_two_lines_of_trouble(width: int) -> None:
    troubled = [source(name, state="lost", why="gone") if name in ("dust", "co2") else source(name) for name in NEWEST]
    shown = drawn(scene(*troubled), width)
    assert shown[-1].rstrip() == "co2: gone"
    assert len(shown) <= 24
    assert max(map(len, shown)) <= width


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize(
    "row",
    [
        ["di spool / committed", "1201", "121"],
        ["terkirim / sent", "123"],
        ["dikirim ulang / resent", "2"],
        ["diakui / acknowledged", "1180", "119"],
        ["di basis data / stored", "1190", "120"],
        ["menunggu / waiting", "21", "4"],
        ["car", "41 / 42", "17 / 18"],
        ["motorcycle", "112 / 115", "0 / 0"],
        ["lorry", "0 / 0", "3 / 0"],
        ["pedestrian", "0 / 0", "0 / 6"],
        ["total", "153 / 157", "20 / 24"],
    ],
)
def test_every_figure_stands_in_its_row(width: int, row: list[str]) -> None:
    cells = " +".join(map(re.escape, row))
    assert re.search(rf"(^| ){cells}( |$)", "\n".join(drawn(scene(), width)), re.MULTILINE)


def test_values_have_title_and_unit_and_are_never_cut() -> None:
    text = "\n".join(drawn(scene()))
    for value in ("PM2,5 37.7 µg/m³", "CO₂ 693 ppm", "Lintang -6.19999 °", "Kecerahan 115.81", "Memori agen 43.8 MB"):
        assert value in text


def test_an_old_value_and_trouble_are_seen() -> None:
    lost = source("dust", state="lost", why="port /dev/x is gone", age=61.0)
    shown = drawn(scene(lost, source("co2", age=None)))
    (dust,) = [line for line in shown if line.startswith("dust ")]
    assert "lost" in dust
    assert dust.rstrip().endswith("61.0 s")
    assert shown[-1].rstrip() == "dust: port /dev/x is gone"


def test_before_the_agent_speaks_it_says_what_is_being_made() -> None:
    assert "making street" in drawn(Scene())[-1]
