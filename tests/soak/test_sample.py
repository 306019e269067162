"""The soak's figures: growth is seen, noise is not taken for it."""

from __future__ import annotations

import os

import pytest

from tests.soak.sample import Sample, days, sample, settled, slope

_DAY = 24 * 86_400


def _grown(megabytes_a_day: float, noise: float = 0.0) -> list[Sample]:
    return [
        Sample(day * _DAY // 4, 50 + megabytes_a_day * day / 4 + noise * (-1) ** day, 20, 5, 0) for day in range(40)
    ]


def test_a_leak_shows_as_its_slope():
    assert slope(_grown(3.0)) == pytest.approx(3.0)
    assert slope(_grown(0.0, noise=2.0)) == pytest.approx(0.0, abs=0.1)
    assert slope(_grown(1.5, noise=1.0)) == pytest.approx(1.5, abs=0.1)


def test_nothing_read_is_no_slope():
    assert slope([Sample(0, 50 + at, 20, 5, 0) for at in range(5)]) == 0.0


def test_the_first_third_is_left_out():
    samples = _grown(1.0)
    assert settled(samples) == samples[13:]


def test_a_process_is_looked_at():
    seen = sample(os.getpid(), _DAY)
    assert seen.megabytes > 10
    assert min(seen.files, seen.threads) >= 1
    assert days(seen.readings) == 1.0
