"""Real roads against counted truth: nobody may be missed altogether, nothing may be counted double."""

from __future__ import annotations

from collections import Counter
from math import ceil
from pathlib import Path

import pytest

from edge_agent.vision.settings import Settings
from edge_agent.vision.tally import looks
from edge_agent.vision.truth import Flow, read_truth

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips"
NAMES = (
    "intel_car_detection", "otvision_cars_cyclist",
    "tfl_a13_day_dense", "tfl_a13_day_light", "tfl_a13_day_sun", "tfl_a13_night",
)  # fmt: skip
TOLERANCE = 0.25


@pytest.mark.parametrize("fps", [10.0, 0.0], ids=["10-a-second", "each-picture"])
@pytest.mark.parametrize("name", NAMES)
def test_a_clip_is_counted_like_by_eye(name: str, fps: float) -> None:
    clip = CLIPS / f"{name}.mp4"
    if not clip.is_file():
        pytest.skip(f"the road clips are not here: {CLIPS}")
    truth = read_truth(clip.with_suffix(".gt.json"))
    counted: Counter[Flow] = Counter()
    for look in looks(Settings(str(clip), fps=fps, lines=truth.lines)):
        counted.update((crossing.line, crossing.direction) for crossing in look.seen.crossings)
    for flow in [(line.name, direction) for line in truth.lines for direction in line.directions]:
        certain, optional = truth.certain.get(flow, 0), truth.optional.get(flow, 0)
        tolerance = ceil(TOLERANCE * certain)
        print(f"{name} {flow[1]}: counted {counted[flow]}, truth {certain}, optional {optional}")
        assert certain - tolerance <= counted[flow] <= certain + optional + tolerance
        assert counted[flow] > 0 or certain == 0
        assert counted[flow] < 2 * (certain + optional) or certain == 0
