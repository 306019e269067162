"""The acknowledgement that an agent hears."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import strategies as st

from telemetry import ack
from telemetry.ack import Ack, DeadLine
from telemetry.errors import BadAck
from tests.fuzz.strategies import nested, objects, values
from tests.fuzz.surface import Surface

_EPOCH = "5f0c91d2a7b3e846"
_COUNTS = st.integers(0, 10**18)
_DEAD = st.lists(st.fixed_dictionaries({"line": _COUNTS | values, "why": st.text() | values}), max_size=4)


def seeds() -> Sequence[bytes]:
    """Return acknowledgements of whole, half-dead and empty batches."""
    dead = (DeadLine(3, "pm10='nan' is not a finite decimal number"), DeadLine(7, "a label"))
    return [Ack(_EPOCH, 1042, 98, dead).encode(), Ack(_EPOCH, 1, 100).encode(), Ack("0" * 16, 0, 0).encode()]


def heavy() -> Sequence[bytes]:
    """Return deep nests, long numbers, and as many dead lines as fit."""
    most = {"epoch": _EPOCH, "batch": 1, "stored": 0, "dead": [{"line": 1, "why": ""}] * 11_000}
    deep = [
        b'{"epoch":%b,"batch":1,"stored":1,"dead":[]}' % nest for nest in nested(b"[", b"]", 100, 900, 970, 980, 990)
    ]
    return [
        json.dumps(most).encode(),
        *nested(b"[", b"]", 990, 100_000),
        *nested(b'{"a":', b"}", 50_000),
        *deep,
        b'{"dead":[{"line":' + b"9" * 200_000 + b"}]}",
        b'{"dead":[{"line":[' + b"1," * 100_000 + b"1]}]}",
    ]


def judge(data: bytes, said: Ack) -> None:
    """See that it is within bounds, says what the JSON said, and can be said again."""
    heard = json.loads(data)
    assert len(data) <= ack.LARGEST
    assert (said.epoch, said.batch, said.stored) == (heard["epoch"], heard["batch"], heard["stored"])
    assert len(said.epoch) == 16
    assert set(said.epoch) <= set("0123456789abcdef")
    assert [d.line for d in said.dead] == [d["line"] for d in heard["dead"]]
    numbers = [said.batch, said.stored, *(d.line for d in said.dead)]
    assert all(type(n) is int and 0 <= n < 10**18 for n in numbers)
    assert all(type(d.why) is str and len(d.why) <= 120 for d in said.dead)
    if len(payload := said.encode()) <= ack.LARGEST:
        assert _without_reasons(ack.decode(payload)) == _without_reasons(said)


def _without_reasons(said: Ack) -> tuple[object, ...]:
    return said.epoch, said.batch, said.stored, [d.line for d in said.dead]


SURFACE = Surface(
    "ack",
    ack.decode,
    (BadAck,),
    judge,
    seeds,
    objects({"epoch": st.just(_EPOCH), "batch": _COUNTS, "stored": _COUNTS, "dead": _DEAD}),
    (b'"epoch":', b'"batch":', b'"stored":', b'"dead":', b'"line":', b'"why":', b"NaN", b"Infinity", b"\\ud800"),
    heavy,
)
