"""An acknowledgement is exact, bounded, and nothing else passes for one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ack import LARGEST, Ack, DeadLine, decode
from telemetry.batch import MOST_LINES
from telemetry.errors import BadAck
from tests.support.lines import PROPERTY

EPOCH = "5f0c91d2a7b3e846"
SAID: dict[str, Any] = {"epoch": EPOCH, "batch": 1042, "stored": 98, "dead": [{"line": 3, "why": "no"}]}

counts = st.integers(0, 10**18 - 1)
epochs = st.text("0123456789abcdef", min_size=16, max_size=16)
dead_lines = st.builds(DeadLine, counts, st.text(max_size=120))


def test_the_acknowledgement_of_the_contract() -> None:
    assert json.loads(Ack(EPOCH, 1042, 98, (DeadLine(3, "no"),)).encode()) == SAID
    assert decode(json.dumps(SAID).encode()) == Ack(EPOCH, 1042, 98, (DeadLine(3, "no"),))


@PROPERTY
@given(st.builds(Ack, epochs, counts, counts, st.lists(dead_lines, max_size=5).map(tuple)))
def test_every_acknowledgement_is_read_back(ack: Ack) -> None:
    assert decode(ack.encode()) == ack


def test_a_long_reason_is_cut() -> None:
    heard = decode(Ack(EPOCH, 1, 0, (DeadLine(1, "x" * 10_000),)).encode())
    assert heard.dead[0].why == "x" * 120


@pytest.mark.parametrize("why", ["x" * 120, '"' * 120, "\0" * 120, "é" * 120, "𝄞" * 120])
@pytest.mark.parametrize("lines", [1000, MOST_LINES])
def test_a_batch_of_nothing_but_dead_lines_is_acknowledged_whole_whatever_the_reasons(why: str, lines: int) -> None:
    dead = tuple(DeadLine(n, why) for n in range(1, lines + 1))
    payload = Ack(EPOCH, 10**18 - 1, 0, dead).encode()
    assert len(payload) <= LARGEST
    heard = decode(payload)
    assert [d.line for d in heard.dead] == list(range(1, lines + 1))
    assert all(why.startswith(d.why) for d in heard.dead)


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in SAID.items() if k != key}


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        "ack",
        1,
        *(without(key) for key in SAID),
        SAID | {"epoch": None},
        SAID | {"epoch": 5},
        SAID | {"epoch": EPOCH.upper()},
        SAID | {"epoch": EPOCH[:-1]},
        SAID | {"epoch": EPOCH + "0"},
        SAID | {"epoch": EPOCH + "\n"},
        SAID | {"epoch": [EPOCH]},
        *(SAID | {key: wrong} for key in ("batch", "stored") for wrong in (-1, 1.0, "1", None, True, 10**18, [])),
        SAID | {"dead": None},
        SAID | {"dead": 5},
        SAID | {"dead": "dead"},
        SAID | {"dead": [5]},
        SAID | {"dead": [None]},
        SAID | {"dead": ["line"]},
        SAID | {"dead": [{}]},
        SAID | {"dead": [{"line": 3}]},
        SAID | {"dead": [{"line": -3, "why": ""}]},
        SAID | {"dead": [{"line": True, "why": ""}]},
        SAID | {"dead": {"line": 3, "why": ""}},
    ],
)
def test_what_is_no_acknowledgement_is_refused(said: Any) -> None:
    with pytest.raises(BadAck):
        decode(json.dumps(said).encode())


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"{",
        b"NaN",
        b'{"epoch": "' + b"\xff" * 16 + b'"}',
        b"[" * 100_000,
        b'{"a":' * 40_000,
        b"9" * 100_000,
        b'{"epoch":"5f0c91d2a7b3e846","batch":' + b"9" * 5000 + b',"stored":1,"dead":[]}',
        b'{"epoch":"5f0c91d2a7b3e846","batch":NaN,"stored":1,"dead":[]}',
        b'{"epoch":"' + b"x" * 200_000 + b'","batch":1,"stored":1,"dead":[]}',
        b'{"epoch":"5f0c91d2a7b3e846","batch":"' + b"x" * 200_000 + b'","stored":1,"dead":[]}',
        b" " * (LARGEST + 1),
        json.dumps(SAID).encode() + b" " * LARGEST,
    ],
    ids=range(16),
)
def test_hostile_bytes_are_refused_with_a_short_message(payload: bytes) -> None:
    with pytest.raises(BadAck) as refused:
        decode(payload)
    assert len(str(refused.value)) < 500


@PROPERTY
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(payload: bytes) -> None:
    with pytest.raises(BadAck):
        decode(payload)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["line", "why", "x"]), inner),
    max_leaves=6,
)


@PROPERTY
@given(st.fixed_dictionaries({"epoch": st.just(EPOCH) | json_values, "batch": counts | json_values,
                              "stored": counts | json_values, "dead": json_values}))  # fmt: skip
def test_almost_right_acknowledgements_are_refused_or_read_as_counts(said: dict[str, Any]) -> None:
    try:
        heard = decode(json.dumps(said).encode())
    except BadAck:
        return
    assert heard.epoch == EPOCH
    numbers = (heard.batch, heard.stored, *(d.line for d in heard.dead))
    assert all(type(n) is int and 0 <= n < 10**18 for n in numbers)
    assert all(isinstance(d.why, str) and len(d.why) <= 120 for d in heard.dead)
