"""Hypothesis strategies for hostile bytes: sound ones that were changed, JSON that means something else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.surface import Surface
from tests.support.mutations import HOSTILE_BYTES

_NUMBERS = [0, 1, -1, 10**17, 10**18, 2**63, 10**4299, 0.5, 1e308, float("inf"), float("nan")]
_KINDS = st.sampled_from(["put", "repeat", "cut", "move"])
_PLACES, _TAKEN, _TIMES = st.integers(0, 2**16), st.integers(0, 8), st.integers(2, 200)

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.sampled_from(_NUMBERS) | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
"""Anything that JSON can say, and a little more."""


def changed(seeds: Sequence[bytes], words: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """Return a strategy for sound inputs with stretches replaced, taken out, put in, repeated or moved, or cut."""
    put = st.one_of(
        st.binary(max_size=4), st.sampled_from([*HOSTILE_BYTES, *words]), st.sampled_from(seeds), st.just(b"")
    )
    change = st.tuples(_KINDS, _PLACES, _TAKEN, put, _TIMES)
    return st.builds(_changed, st.sampled_from(seeds), st.lists(change, min_size=1, max_size=4))


def _changed(data: bytes, changes: Sequence[tuple[str, int, int, bytes, int]]) -> bytes:
    for kind, place, taken, put, times in changes:
        at = place % (len(data) + 1)
        before, stretch, after = data[:at], data[at : at + taken], data[at + taken :]
        match kind:
            case "put":
                data = before + put + after
            case "repeat":
                data = before + stretch * times + after
            case "cut":
                data = before
            case "move":
                data = before + after + stretch
    return data


@st.composite
def objects(draw: st.DrawFn, sound: Mapping[str, st.SearchStrategy[Any]]) -> bytes:
    """Draw a JSON object of the right keys, each of its values, sound or not; some are left out or added."""
    said = {key: draw(st.one_of(value, values)) for key, value in sound.items() if draw(st.integers(0, 19))}
    said |= draw(st.one_of(st.just({}), st.dictionaries(st.text(max_size=5), values, max_size=2)))
    return json.dumps(said, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


def inputs(surface: Surface) -> st.SearchStrategy[bytes]:
    """Return a strategy for all that may come to a surface."""
    return st.one_of(surface.structured, changed(surface.seeds(), surface.words), st.binary(max_size=300))


def nested(opening: bytes, closing: bytes, *depths: int) -> list[bytes]:
    """Return brackets within brackets."""
    return [opening * depth + closing * depth for depth in depths]
