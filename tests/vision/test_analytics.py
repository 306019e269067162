"""What is said of a street whose crossings are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from edge_agent.vision.analytics import Analytics, Said
from edge_agent.vision.interval import SECOND
from edge_agent.vision.scene import Losses
from edge_agent.vision.settings import Settings
from telemetry.quality import Quality
from telemetry.quantity import Family
from tests.support.video import Street, Trip

LINE = {"name": "l1", "from": [0, 0.5], "to": [1, 0.5], "directions": ["down", "up"]}
TRIPS = [Trip(50, -40, 60), Trip(120, 280, -60), Trip(190, -200, 60), Trip(260, 400, -60), Trip(50, -360, 60)]
"""Five trips in twelve seconds: three down, two up."""


def analytics(**change: Any) -> Analytics:
    settings = Settings.from_dict({"url": "/street.mp4", "lines": [LINE], "interval": 20} | change)
    return Analytics(settings, 0, lambda: 0)


def run(chain: Analytics, street: Street, since: float, until: float, *, fps: float = 10) -> list[Said]:
    said: list[Said] = []
    for number in range(round((until - since) * fps)):
        time = since + number / fps
        said += chain.picture(street.picture(time), round(time * SECOND), Losses())
    return said


def of(said: Iterable[Said], family: Family) -> list[Said]:
    return [each for each in said if each.measurement.family is family]


def flows(said: Iterable[Said], family: Family) -> Counter[str]:
    """Return counts by direction."""
    counts: Counter[str] = Counter()
    for each in of(said, family):
        counts[each.measurement.labels["direction"]] += int(each.measurement.values["count"])
    return counts


def test_crossings_and_totals_agree_with_what_was_painted() -> None:
    said = run(analytics(), Street(TRIPS), 0, 21)
    assert flows(said, Family.CROSSING) == {"down": 3, "up": 2}
    traffic = of(said, Family.TRAFFIC)
    assert [(each.measurement.labels["direction"], each.measurement.values) for each in traffic] == [
        ("down", {"count": 3, "observed": 20.0}),
        ("up", {"count": 2, "observed": 20.0}),
    ]
    assert {(each.at, each.measurement.quality) for each in traffic} == {(10 * SECOND, Quality.GOOD)}


@pytest.mark.parametrize("fps", [6, 25])
def test_the_pace_of_pictures_changes_no_count(fps: float) -> None:
    assert flows(run(analytics(), Street(TRIPS), 0, 12, fps=fps), Family.CROSSING) == {"down": 3, "up": 2}


def test_a_crossing_says_how_long_it_was_in_view() -> None:
    crossing = of(run(analytics(), Street(TRIPS[:1]), 0, 5), Family.CROSSING)[0]
    assert crossing.measurement.values["visible"] == pytest.approx(2.5, abs=0.7)
    assert crossing.at == pytest.approx(2.7 * SECOND, abs=0.4 * SECOND)


def test_with_metres_every_class_has_its_zero() -> None:
    chain = analytics(lines=[LINE | {"metres": 16.0}])
    said = run(chain, Street(TRIPS[:1]), 0, 5) + chain.finish(5 * SECOND)
    totals = {
        (each.measurement.labels["direction"], each.measurement.labels["class"]): each.measurement.values["count"]
        for each in of(said, Family.TRAFFIC)
    }
    assert len(totals) == 8
    assert [flow for flow, count in totals.items() if count] == [("down", "car")]


def test_the_end_flushes_a_partial_interval() -> None:
    chain = analytics()
    run(chain, Street(TRIPS), 0, 8)
    said = chain.finish(8 * SECOND)
    assert {(each.at, each.measurement.quality) for each in said} == {(4 * SECOND, Quality.PARTIAL)}
    assert said[0].measurement.values["observed"] == pytest.approx(7.8, abs=0.2)


def test_the_scene_is_reported_at_once_every_ten_seconds_and_when_it_turns() -> None:
    chain = analytics()
    said = run(chain, Street(TRIPS), 0, 21)
    for second in range(21, 40):
        said += chain.silence(second * SECOND, Losses())
    reports = [(each.at / SECOND, each.measurement.values["measurable"]) for each in of(said, Family.SCENE)]
    assert reports == [(0, 1), (10, 1), (20, 1), (26, 0), (36, 0)]


def test_a_stall_is_not_observed_and_a_blind_interval_says_nothing() -> None:
    chain, street = analytics(), Street([])
    said = run(chain, street, 0, 5)
    for second in range(6, 70):
        said += chain.silence(second * SECOND, Losses())
    said += run(chain, street, 70, 101)
    observed = [(each.at // SECOND, each.measurement.values["observed"]) for each in of(said, Family.TRAFFIC)]
    assert observed[::2] == [(10, pytest.approx(4.9)), (70, pytest.approx(10, abs=0.2)), (90, 20)]


def test_what_lies_between_pictures_far_apart_is_not_observed() -> None:
    chain, street = analytics(), Street([])
    said = run(chain, street, 0, 5)
    for second in range(7, 24, 3):
        said += chain.picture(street.picture(second), second * SECOND, Losses())
    (total,) = of(said, Family.TRAFFIC)[:1]
    assert total.measurement.values["observed"] == pytest.approx(4.9)


def test_a_frozen_picture_is_not_observed() -> None:
    chain, street = analytics(), Street([])
    said = run(chain, street, 0, 4)
    still = street.picture(4)
    for step in range(40, 210):
        said += chain.picture(still, step * SECOND // 10, Losses())
    total = of(said, Family.TRAFFIC)[0].measurement
    assert total.values["observed"] == pytest.approx(9.1, abs=0.3)
    assert total.quality is Quality.PARTIAL


def test_what_crosses_a_poor_scene_is_doubtful_and_in_no_total() -> None:
    """In thick fog the street is flat, but a headlight still shows."""
    chain, street = analytics(), Street(TRIPS)
    said = []
    for step in range(60):
        fog = np.clip(street.picture(step / 10) // 16 + 120, 0, 255).astype(np.uint8)
        y = round(-40 + 60 * step / 10)
        if 0 <= y < 230:
            fog[y : y + 10, 44:56] = 200
        said += chain.picture(fog, step * SECOND // 10, Losses())
    said += chain.finish(6 * SECOND)
    assert [each.measurement.quality for each in of(said, Family.CROSSING)] == [Quality.SCENE_DEGRADED]
    assert of(said, Family.TRAFFIC) == []


def test_another_size_in_mid_stream_counts_on() -> None:
    chain, street = analytics(mask=[[[0, 0.9], [0.1, 0.9], [0.1, 1]]]), Street(TRIPS)
    said = run(chain, street, 0, 3.5)
    for step in range(35, 120):
        large = street.picture(step / 10).repeat(2, axis=0).repeat(2, axis=1)[:, : 2 * 300]
        said += chain.picture(large, step * SECOND // 10, Losses())
    assert flows(said, Family.CROSSING) == {"down": 3, "up": 2}


def test_a_masked_lane_is_not_counted() -> None:
    chain = analytics(mask=[[[0, 0], [0.25, 0], [0.25, 1], [0, 1]]])
    assert flows(run(chain, Street(TRIPS), 0, 12), Family.CROSSING) == {"down": 1, "up": 2}


def test_a_stream_that_was_opened_again_forgets_its_tracks() -> None:
    chain, street = analytics(), Street([Trip(160, 60, 20)])
    run(chain, street, 0, 2.5)
    chain.reopened()
    jumped = Street([Trip(160, 78, 20)])
    assert flows(run(chain, jumped, 2.5, 3.5), Family.CROSSING) == {}
