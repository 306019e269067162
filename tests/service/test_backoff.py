"""Waiting grows, is capped, is jittered over its whole range, and never falls under a second."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.backoff import SHORTEST, Backoff


def ranges(longest: float, failures: int) -> list[tuple[float, float]]:
    """Return the range of each wait in a row of failures."""
    asked: list[tuple[float, float]] = []

    def pick(low: float, high: float) -> float:
        asked.append((low, high))
        return high

    backoff = Backoff(longest=longest, pick=pick)
    waits = [backoff.failed() for _ in range(failures)]
    assert waits == [high for _, high in asked]
    return asked


def test_each_wait_may_be_twice_as_long_as_the_one_before_up_to_the_cap() -> None:
    assert ranges(20, 6) == [(1, 2), (1, 4), (1, 8), (1, 16), (1, 20), (1, 20)]


def test_weeks_of_failures_overflow_nothing() -> None:
    backoff = Backoff(longest=60, failures=10**9)
    assert 1 <= backoff.failed() <= 60
    assert ranges(1e12, 100)[-1] == (1, 2**16)


def test_a_success_starts_anew() -> None:
    backoff = Backoff(pick=lambda _, high: high)
    assert [backoff.failed() for _ in range(3)] == [2, 4, 8]
    backoff.succeeded()
    assert backoff.failures == 0
    assert backoff.failed() == 2


@given(st.integers(0, 10**6), st.floats(0, 1e9), st.integers(0, 2**32))
def test_no_wait_is_under_a_second_or_above_the_cap(failures: int, longest: float, seed: int) -> None:
    wait = Backoff(longest=longest, pick=random.Random(seed).uniform, failures=failures).failed()
    assert SHORTEST <= wait <= max(SHORTEST, longest)


def test_a_thousand_agents_do_not_come_back_together() -> None:
    random.seed(1)
    waits = sorted(Backoff(failures=5).failed() for _ in range(1000))
    fullest = max(sum(second <= wait < second + 1 for wait in waits) for second in range(1, 60))
    assert fullest < 50
    assert waits[0] == pytest.approx(1, abs=2)
    assert waits[-1] == pytest.approx(60, abs=2)
