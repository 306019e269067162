"""Finds what stands twice in a settings file where each needs its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.places import Place
from service.settings import shown


def twice(entry: Mapping[str, Any], key: str, taken: dict[str, str], place: Place) -> Iterable[tuple[Place, str]]:
    """Return a fault if the value of a key was taken before, and take it."""
    value = entry.get(key)
    if not isinstance(value, str):
        return
    if value in taken:
        yield (*place, key), f"{value!r} is already {taken[value]}; each needs its own"
    taken.setdefault(value, shown(place))
