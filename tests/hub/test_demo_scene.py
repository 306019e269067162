"""Whether the demo's counts add up, which its exit code says."""

from __future__ import annotations

import pytest

from hub.demo.scene import Scene


def scene(committed: int, stored: int, readings: int, undated: int = 0) -> Scene:
    waiting = {"readings": readings, "undated": undated}
    return Scene({"committed": committed, "waiting": waiting}, {}, stored)


@pytest.mark.parametrize(
    ("committed", "stored", "waiting", "missing", "invented"),
    [
        (10, 10, 0, 0, 0),
        (10, 7, 3, 0, 0),
        (10, 10, 3, 0, 0),  # stored, and its acknowledgement is still on the way
        (10, 6, 3, 1, 0),
        (10, 0, 0, 10, 0),
        (10, 12, 0, 0, 2),
    ],
)
def test_missing_and_invented(committed: int, stored: int, waiting: int, missing: int, invented: int) -> None:
    seen = scene(committed, stored, waiting)
    assert (seen.missing, seen.invented) == (missing, invented)


def test_what_waits_for_a_date_is_waiting() -> None:
    assert scene(10, 4, 2, undated=4).missing == 0


def test_before_the_agent_said_anything_nothing_is_committed() -> None:
    assert (Scene().committed, Scene().missing, Scene().invented) == (0, 0, 0)
