"""Classes by width on the ground."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_agent.vision.classes import classify, reported
from edge_agent.vision.settings import Line

LEVEL = Line("l1", (0.0, 0.5), (1.0, 0.5), ("in", "out"), metres=20.0)
"""In a picture 400 wide: 20 pixels a metre, and boxes are 4 pixels wider than what is in them."""


@pytest.mark.parametrize(
    ("metres", "kind"), [(0.5, "pedestrian"), (1.1, "motorcycle"), (1.9, "car"), (2.7, "lorry"), (6.0, "lorry")]
)
def test_width_along_the_line_decides(metres: float, kind: str) -> None:
    assert classify(LEVEL, (metres * 20 + 4, 55), (400, 300)) == kind
    upright = replace(LEVEL, start=(0.5, 0.0), end=(0.5, 1.0), metres=15.0)
    assert classify(upright, (55, metres * 20 + 4), (400, 300)) == kind


def test_an_unmeasured_line_knows_no_classes() -> None:
    unmeasured = replace(LEVEL, metres=None)
    assert classify(unmeasured, (40, 40), (400, 300)) == "unknown"
    assert reported(unmeasured) == ("unknown",)


def test_every_class_is_reported() -> None:
    assert reported(LEVEL) == ("pedestrian", "motorcycle", "car", "lorry")
