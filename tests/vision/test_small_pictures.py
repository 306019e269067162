"""Pictures are made small and covered before anything looks at them."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.vision.mask import covered, visible
from edge_agent.vision.shrink import shrink


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((2160, 3840), (270, 480)),
        ((1080, 1920), (270, 480)),
        ((720, 1280), (180, 320)),
        ((577, 721), (288, 360)),
        ((360, 640), (180, 320)),
        ((288, 352), (288, 352)),
        ((90, 120), (90, 120)),
    ],
)
def test_every_size_becomes_about_two_hundred_lines(size: tuple[int, int], small: tuple[int, int]) -> None:
    assert shrink(np.zeros(size, np.uint8)).shape == small


def test_shrinking_averages() -> None:
    picture = np.zeros((400, 400), np.uint8)
    picture[::2, ::2] = 200
    assert np.unique(shrink(picture)).tolist() == [50]


def test_a_masked_area_is_black_and_the_rest_is_left() -> None:
    allowed = visible((100, 200), [((0, 0), (0.5, 0), (0.5, 1), (0, 1))])
    seen = covered(np.full((100, 200), 90, np.uint8), allowed)
    assert seen[:, :99].max() == 0
    assert seen[:, 101:].min() == 90


def test_without_a_mask_nothing_is_copied() -> None:
    picture = np.full((10, 10), 7, np.uint8)
    assert covered(picture, visible((10, 10), [])) is picture
