"""Whether the demo's counts add up, which its closing sentence and its exit code say."""

from __future__ import annotations

import pytest

from hub.demo.scene import Scene
from hub.demo.verdict import judged, missing_and_invented


def scene(committed: int, stored: int | None, readings: int, *, acknowledged: int = 0, undated: int = 0) -> Scene:
    waiting = {"readings": readings, "undated": undated}
    return Scene({"committed": committed, "waiting": waiting, "stored": acknowledged}, {}, stored)


@pytest.mark.parametrize(
    ("committed", "stored", "waiting", "acknowledged", "missing", "invented"),
    [
        (10, 10, 0, 10, 0, 0),
        (10, 7, 3, 7, 0, 0),
        (10, 10, 3, 7, 0, 0),  # stored, and its acknowledgement is still on the way
        (10, 6, 3, 6, 1, 0),
        (10, 0, 0, 0, 10, 0),
        (10, 12, 0, 10, 0, 2),
        (10, 8, 3, 7, 0, 0),
        (10, 7, 4, 10, 3, 4),  # what is acknowledged and not stored is not made good by what waits
        (10, 10, 5, 10, 0, 5),  # the spool keeps what the agent never committed
    ],
)
def test_missing_and_invented(
    committed: int, stored: int, waiting: int, acknowledged: int, missing: int, invented: int
) -> None:
    seen = scene(committed, stored, waiting, acknowledged=acknowledged)
    assert missing_and_invented(seen, stored) == (missing, invented)
    assert judged(seen).good is (missing == invented == 0)


def test_what_waits_for_a_date_is_waiting() -> None:
    assert judged(scene(10, 4, 2, acknowledged=4, undated=4)).good


def test_the_sentence_prints_the_figures_as_each_was_told() -> None:
    assert judged(scene(10, 7, 3, acknowledged=7)).words == "committed 10 = stored 7 + waiting 3: cocok / adds up"
    wrong = judged(scene(10, 6, 3, acknowledged=6)).words
    assert wrong.startswith("committed 10 ≠ stored 6 + waiting 3: TIDAK COCOK / DOES NOT ADD UP: ")
    assert "missing 1" in wrong


def test_what_is_stored_and_waits_as_well_is_named() -> None:
    words = judged(scene(10, 10, 3, acknowledged=7)).words
    assert words.startswith("committed 10 = stored 10 + waiting 3 - 3 tersimpan, belum diakui / stored, not")


@pytest.mark.parametrize("nothing", [Scene(), scene(0, 0, 0), scene(0, None, 0)])
def test_nothing_committed_is_said_and_does_not_add_up(nothing: Scene) -> None:
    verdict = judged(nothing)
    assert not verdict.good
    assert "nothing was committed yet" in verdict.words
    assert "adds up" not in verdict.words


def test_rows_that_nobody_committed_are_invented_even_if_nothing_was_committed() -> None:
    assert "invented 4" in judged(scene(0, 4, 0)).words


@pytest.mark.parametrize(
    ("seen", "orderly", "why"),
    [
        (scene(10, 10, 0, acknowledged=10), False, "killed before its last figures"),
        (scene(10, None, 0, acknowledged=10), True, "the store did not answer"),
    ],
)
def test_what_cannot_be_checked_is_not_called_good(seen: Scene, orderly: bool, why: str) -> None:
    verdict = judged(seen, orderly=orderly)
    assert not verdict.good
    assert why in verdict.words
