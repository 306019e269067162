"""The catalogue is whole: every family, every title, every range."""

from __future__ import annotations

import re
from math import isfinite

import pytest

from telemetry.catalogue import BY_FAMILY, QUANTITIES
from telemetry.quantity import LABELS, Family, Quantity

EACH = pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda q: f"{q.family}.{q.name}")
RESERVED = {"time", "quality", "seq", "site", "agent", "sensor"}


@pytest.mark.parametrize("family", Family)
def test_every_family_has_quantities_and_a_list_of_labels(family: Family) -> None:
    assert BY_FAMILY[family]
    assert family in LABELS
    assert re.fullmatch(r"[a-z]+", family)


@EACH
def test_a_name_is_lower_case_and_means_nothing_else(quantity: Quantity) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", quantity.name)
    assert quantity.name not in RESERVED
    assert quantity.name not in LABELS[quantity.family]


@EACH
def test_titles_are_there_in_both_languages(quantity: Quantity) -> None:
    for title in (quantity.title, quantity.title_id):
        assert title
        assert title == title.strip()


@EACH
def test_the_believable_range_is_a_range(quantity: Quantity) -> None:
    assert isfinite(quantity.low)
    assert isfinite(quantity.high)
    assert quantity.low <= quantity.high
    assert quantity.believable(quantity.low)
    assert quantity.believable(quantity.high)
    assert not quantity.believable(quantity.low - 1)
    assert not quantity.believable(quantity.high + 1000 + quantity.high)
    assert not quantity.believable(float("nan"))


def test_no_quantity_stands_twice_in_a_family() -> None:
    assert len({(q.family, q.name) for q in QUANTITIES}) == len(QUANTITIES)
    assert sum(map(len, BY_FAMILY.values())) == len(QUANTITIES)


def test_a_family_keeps_the_order_of_the_catalogue() -> None:
    for family, named in BY_FAMILY.items():
        assert list(named.values()) == [q for q in QUANTITIES if q.family is family]


@pytest.mark.parametrize("family", Family)
def test_labels_are_names_once_each_and_never_the_names_of_the_place(family: Family) -> None:
    labels = LABELS[family]
    assert len(set(labels)) == len(labels)
    assert not set(labels) & RESERVED
    assert all(re.fullmatch(r"[a-z]+", label) for label in labels)


@pytest.mark.parametrize(("name", "low", "high"), [("pm2_5", 0, 1000), ("co2", 300, 10000)])
def test_error_codes_of_sensors_are_not_believable(name: str, low: float, high: float) -> None:
    quantity = BY_FAMILY[Family.AIR][name]
    assert (quantity.low, quantity.high) == (low, high)
    for code in (-9999, 0x7FFF, 0xFFFF, -1):
        assert not quantity.believable(code)
