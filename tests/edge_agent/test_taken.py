"""Measurements on their way through JSON, and on a technician's screen."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.listening import described
from edge_agent.taken import from_json, to_json
from telemetry.catalogue import BY_FAMILY
from telemetry.errors import BadReading
from telemetry.quality import Quality
from telemetry.quantity import LABELS, Family
from telemetry.reading import Measurement


@st.composite
def _measurements(draw: st.DrawFn) -> Measurement:
    family = draw(st.sampled_from(Family))
    names = draw(st.sets(st.sampled_from(sorted(BY_FAMILY[family])), min_size=1))
    values: dict[str, float] = {}
    for name in sorted(names):
        whole = BY_FAMILY[family][name].whole
        values[name] = draw(st.integers(-1000, 10**12) if whole else st.floats(-(10**14), 10**14))
    labels = {name: draw(st.sampled_from(["l1", "in", "car"])) for name in LABELS[family]}
    return Measurement(family, values, labels, draw(st.sampled_from(Quality)))


@given(_measurements())
def test_a_measurement_comes_back_from_json_as_it_was(said: Measurement):
    assert from_json(json.loads(to_json(said))) == said


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"family": "air"},
        {"family": "air", "values": {}, "labels": {}, "quality": 0},
        {"family": "air", "values": [], "labels": {}, "quality": 0},
        {"family": "air", "values": {"pm2_5": None}, "labels": {}, "quality": 0},
        {"family": "air", "values": {"pm2_5": "1"}, "labels": {}, "quality": 0},
        {"family": "air", "values": {"pm2_5": 1}, "labels": {"line": "l1"}, "quality": 0},
        {"family": "air", "values": {"pm2_5": 1}, "labels": {}, "quality": "good"},
        {"family": None, "values": {"pm2_5": 1}, "labels": {}, "quality": 0},
    ],
)
def test_what_is_no_measurement_is_refused_with_one_of_four_errors(said: dict[str, object]):
    with pytest.raises((BadReading, KeyError, TypeError, ValueError)):
        from_json(said)


def test_a_technician_reads_titles_units_and_doubts():
    said = Measurement(Family.AIR, {"pm2_5": 5000.0, "co2": 418.25}, quality=Quality.TIME_ESTIMATED)
    assert described(said) == "PM2.5 5000 µg/m³  CO₂ 418.25 ppm  [out of range, time estimated]"
    assert described(Measurement(Family.TRAFFIC, {"count": 12})) == "Vehicles and pedestrians 12"
