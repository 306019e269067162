"""What the counter finds, beside truth: on public road clips where they are present, and on the simulated street."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from bench.figure import Figure
from bench.footage import CLIPS
from edge_agent.vision.interval import SECOND
from edge_agent.vision.settings import Settings
from edge_agent.vision.tally import looks
from edge_agent.vision.truth import read_truth
from edge_agent.vision.watcher import Watcher
from simulation.render import Painter
from simulation.street import Street
from simulation.view import LINE_FROM, LINE_METRES, LINE_TO, LINE_V

_SECONDS, _FPS = 120, 10


def measure() -> Iterator[Figure]:
    """Yield counted and truth for each clip, line and direction, then for two minutes of the simulated street."""
    cv2.setNumThreads(1)
    for file in sorted(CLIPS.glob("*.gt.json")):
        yield from _clip(file)
    yield from _street()


def _clip(file: Path) -> Iterator[Figure]:
    truth = read_truth(file)
    name = file.name.removesuffix(".gt.json")
    settings = Settings(str(file.with_name(f"{name}.mp4")), fps=0, lines=truth.lines)
    counted = Counter((c.line, c.direction) for look in looks(settings) for c in look.seen.crossings)
    for flow in sorted({*truth.certain, *truth.optional, *counted}):
        value = f"{counted[flow]} of {truth.certain.get(flow, 0)}"
        yield Figure(f"counted, {name}, {' '.join(flow)}", value, f"{truth.optional.get(flow, 0)} more are optional")


def _street() -> Iterator[Figure]:
    line = {
        "name": "l1",
        "from": [LINE_FROM, LINE_V],
        "to": [LINE_TO, LINE_V],
        "directions": ["in", "out"],
        "metres": LINE_METRES,
    }
    watcher = Watcher(Settings.from_dict({"url": "/street", "lines": [line]}).lines)
    street, painter = Street(seed=1), Painter(seed=1)
    truth: Counter[tuple[str, str]] = Counter()
    counted: Counter[tuple[str, str]] = Counter()
    for number in range(_SECONDS * _FPS):
        time = number / _FPS
        truth.update((str(c.kind), str(c.direction)) for c in street.advance(time))
        picture = cv2.cvtColor(painter.frame(street.present(), time, ""), cv2.COLOR_BGR2GRAY)
        seen = watcher.see(picture.astype(np.uint8, copy=False), number * SECOND // _FPS)
        counted.update((c.kind, c.direction) for c in seen.crossings)
    for flow in sorted({*truth, *counted}):
        yield Figure(f"counted, simulated street, {' '.join(flow)}", f"{counted[flow]} of {truth[flow]}", "two minutes")
