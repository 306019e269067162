"""The pinhole camera and the counting line laid through its picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.view import HEIGHT, LINE_FROM, LINE_METRES, LINE_TO, LINE_V, LINE_Y, STREET_VIEW, WIDTH


@given(v=st.floats(0, HEIGHT), x=st.floats(-20, 20))
def test_a_picture_row_and_its_distance_on_the_ground_agree(v: float, x: float) -> None:
    point = np.array([x, STREET_VIEW.ground(v), 0.0])
    column, row = STREET_VIEW.pixels(point)
    assert row == pytest.approx(v, abs=1e-6)
    assert column == pytest.approx(WIDTH / 2 + x * STREET_VIEW.scale(point[1]), abs=1e-6)


def test_the_line_is_as_long_as_the_ground_between_its_ends() -> None:
    half = LINE_METRES / 2
    ends = STREET_VIEW.pixels(np.array([[-half, LINE_Y, 0.0], [half, LINE_Y, 0.0]]))
    expected = [[LINE_FROM * WIDTH, LINE_V * HEIGHT], [LINE_TO * WIDTH, LINE_V * HEIGHT]]
    np.testing.assert_allclose(ends, expected, atol=1e-6)


def test_what_stands_higher_appears_higher_and_what_is_nearer_lower() -> None:
    foot, head, nearer = STREET_VIEW.pixels(np.array([[0, 15.0, 0], [0, 15.0, 1.7], [0, 14.0, 0]]))
    assert head[1] < foot[1] < nearer[1]


def test_an_enlarged_view_shows_the_same_larger() -> None:
    points = np.array([[1.0, 12.0, 0.5], [-6.0, 30.0, 2.0]])
    np.testing.assert_allclose(STREET_VIEW.enlarged(3).pixels(points), STREET_VIEW.pixels(points) * 3)
