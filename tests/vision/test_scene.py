"""Whether a scene can be measured, and how it is reported."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.vision.interval import SECOND
from edge_agent.vision.scene import FROZEN, STALE, Losses, Scene
from edge_agent.vision.shrink import Image

RANDOM = np.random.default_rng(3)
STREET = RANDOM.integers(40, 200, (60, 80)).astype(np.uint8)


def living(base: Image = STREET) -> Image:
    """Return a picture that no other equals."""
    return np.asarray(np.clip(base.astype(int) + RANDOM.integers(-2, 3, base.shape), 0, 255), np.uint8)


def at(seconds: float) -> int:
    return round(seconds * SECOND)


def show(scene: Scene, base: Image, since: float, until: float) -> None:
    for time in np.arange(since, until, 0.1):
        scene.see(living(base), None, at(time))


def test_nothing_is_measurable_before_the_first_picture() -> None:
    scene = Scene(0)
    assert not scene.measurable(at(1.0))
    report = scene.report(at(1.0), Losses())
    assert report.values["measurable"] == 0
    assert "brightness" not in report.values


def test_a_living_picture_is_measurable_at_once() -> None:
    scene = Scene(0)
    scene.see(living(), None, at(0.5))
    assert scene.measurable(at(0.6))


def test_a_stall_makes_the_scene_unmeasurable_until_the_next_picture() -> None:
    scene = Scene(0)
    show(scene, STREET, 0, 1)
    assert scene.measurable(at(0.9) + STALE)
    assert not scene.measurable(at(1.0) + STALE)
    assert scene.report(at(20.0), Losses()).values["frame_age"] == pytest.approx(19.1, abs=0.05)
    scene.see(living(), None, at(20.0))
    assert scene.measurable(at(20.0))


def test_one_and_the_same_picture_is_frozen() -> None:
    scene = Scene(0)
    still = living()
    for time in np.arange(0, FROZEN / SECOND, 0.1):
        scene.see(still, None, at(time))
        assert not scene.frozen
    scene.see(still, None, FROZEN + at(0.2))
    assert not scene.measurable(FROZEN + at(0.2))
    assert scene.report(FROZEN + at(0.2), Losses()).values["frozen"] == 1
    scene.see(living(), None, FROZEN + at(0.3))
    assert scene.measurable(FROZEN + at(0.3))


@pytest.mark.parametrize(("level", "dark"), [(5, 1), (128, 0)], ids=["black", "flat"])
def test_black_and_flat_must_last_to_be_believed(level: int, dark: int) -> None:
    base = np.full((60, 80), level, np.uint8)
    scene = Scene(0)
    show(scene, STREET, 0, 2)
    show(scene, base, 2, 2.8)
    assert scene.measurable(at(2.8))
    show(scene, base, 2.8, 3.3)
    assert not scene.measurable(at(3.3))
    assert scene.report(at(3.3), Losses()).values["dark"] == dark
    show(scene, STREET, 3.3, 4.0)
    assert not scene.measurable(at(4.0))
    show(scene, STREET, 4.0, 4.6)
    assert scene.measurable(at(4.6))


def test_a_report_tells_what_was_lost_since_the_last_one() -> None:
    scene = Scene(0)
    show(scene, STREET, 0, 1)
    first = scene.report(at(1.0), Losses(skipped=3, decode_errors=1, reconnects=0)).values
    show(scene, STREET, 1, 1.5)
    second = scene.report(at(1.5), Losses(skipped=4, decode_errors=1, reconnects=2)).values
    assert [first[name] for name in ("frames", "skipped", "decode_errors", "reconnects")] == [10, 3, 1, 0]
    assert [second[name] for name in ("frames", "skipped", "decode_errors", "reconnects")] == [5, 1, 0, 2]


def test_a_masked_area_has_no_say_in_brightness() -> None:
    allowed = np.zeros((60, 80), np.uint8)
    allowed[:, 40:] = 255
    covered = np.where(allowed, STREET, 0).astype(np.uint8)
    scene = Scene(0)
    scene.see(covered, allowed, at(0.1))
    assert scene.report(at(0.1), Losses()).values["brightness"] == pytest.approx(STREET[:, 40:].mean(), abs=0.01)


def test_a_blurred_picture_is_less_sharp() -> None:
    sharp, soft = Scene(0), Scene(0)
    sharp.see(STREET, None, at(0.1))
    soft.see(STREET // 4 + 90, None, at(0.1))
    assert soft.report(at(0.1), Losses()).values["sharpness"] < sharp.report(at(0.1), Losses()).values["sharpness"] / 4
