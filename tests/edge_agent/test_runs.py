"""Runs of numbers behave as the set of their numbers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.delivery.runs import Runs


@given(st.lists(st.integers(0, 40)))
def test_runs_are_the_set_of_their_numbers_in_disjoint_pieces(numbers: list[int]):
    runs = Runs()
    for number in numbers:
        runs.add(number)
    assert [n for n in range(50) if n in runs] == sorted(set(numbers))
    pieces = list(runs)
    assert all(first <= last for first, last in pieces)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(pieces))


def test_a_number_has_its_run_around_it():
    runs = Runs([(1, 5), (8, 8)])
    assert runs.around(3) == (1, 5)
    runs.add(7)
    runs.add(6)
    assert runs.around(8) == (1, 8)
    with pytest.raises(KeyError):
        runs.around(9)


@given(st.sets(st.integers(0, 40)), st.integers(1, 5))
def test_rough_runs_hold_all_that_the_exact_ones_do_and_keep_the_newest_exact(numbers: set[int], most: int):
    exact = Runs()
    for number in numbers:
        exact.add(number)
    rough = exact.in_at_most(most)
    assert len(rough) == min(most, len(list(exact)))
    assert numbers <= {n for first, last in rough for n in range(first, last + 1)}
    assert list(rough[1:]) == list(exact)[len(list(exact)) - len(rough) + 1 :]
