"""The status that a hub hears."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import strategies as st

from telemetry import status
from telemetry.errors import BadStatus
from telemetry.status import State, Status
from tests.fuzz.strategies import nested, objects, values
from tests.fuzz.surface import Surface


def seeds() -> Sequence[bytes]:
    """Return one status of each state."""
    return [Status(state, "0.1.0", "2026-11-26T02:40:00+07:00").encode() for state in State]


def heavy() -> Sequence[bytes]:
    """Return deep nests and long texts."""
    deep = [b'{"state":"online","since":"","version":%b}' % nest for nest in nested(b"[", b"]", 900, 970, 980, 990)]
    return [*nested(b"[", b"]", 990, 2048, 100_000), *deep, b'{"state":"' + b"x" * 4_000 + b'"}', b'"' * 100_000]


def judge(data: bytes, said: Status) -> None:
    """See that it is within bounds, says what the JSON said, and can be said again."""
    heard = json.loads(data[:4096])
    assert said.state in ("online", "stopping", "lost")
    assert said.state == heard["state"]
    assert len(said.version) <= 40
    assert len(said.since) <= 40
    assert status.decode(said.encode()) == said


SURFACE = Surface(
    "status",
    status.decode,
    (BadStatus,),
    judge,
    seeds,
    objects({"state": st.sampled_from(State), "version": st.text(max_size=50) | values, "since": st.text(max_size=50)}),
    (b'"state":', b'"version":', b'"since":', b'"online"', b'"stopping"', b'"lost"', b"NaN", b"\\ud800"),
    heavy,
)
