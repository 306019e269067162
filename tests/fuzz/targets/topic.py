"""The topic of whatever the broker passes on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import strategies as st

from telemetry import topic
from telemetry.errors import BadTopic
from telemetry.reading import Place
from telemetry.topic import Channel
from tests.fuzz.surface import Surface
from tests.support.lines import names

_TOPIC = re.compile(r"simpang/v1/([^/]+)/([^/]+)/(up/readings|up/status|down/ack)")
_PARTS = [
    "simpang",
    "v1",
    "up",
    "down",
    "readings",
    "status",
    "ack",
    "se-1",
    "",
    "+",
    "#",
    "$share",
    "É",
    "-",
    "a" * 33,
]

_ONE = st.sampled_from(_PARTS) | names | st.text(max_size=4)
_CHANNELS = st.sampled_from([*Channel, "up/ack", "down/config", "up/readings/"])


def seeds() -> Sequence[bytes]:
    """Return the topics of an agent."""
    return [topic.topic(Place("simpang-empat", "se-1"), channel).encode() for channel in Channel]


def heavy() -> Sequence[bytes]:
    """Return topics as long as MQTT has them."""
    return [b"/" * 65_535, b"simpang/v1/" + b"a-" * 32_000 + b"/b/up/readings", b"simpang/v1/a/b/" + b"-" * 65_000]


def read(data: bytes) -> tuple[Place, Channel]:
    """Read a topic; what is no UTF-8 comes through too, for a parser must not count on its caller."""
    return topic.parse(data.decode("utf-8", "surrogateescape"))


def judge(data: bytes, said: tuple[Place, Channel]) -> None:
    """See that an independent grammar reads the same."""
    place, channel = said
    found = _TOPIC.fullmatch(data.decode())
    assert found is not None
    assert (place.site, place.agent, channel.value) == found.groups()
    assert _is_name(place.site)
    assert _is_name(place.agent)
    assert topic.topic(place, channel).encode() == data


def _is_name(text: str) -> bool:
    parts = text.split("-")
    return len(text) <= 32 and all(
        part and part.isascii() and part.isalnum() and part.lower() == part for part in parts
    )


SURFACE = Surface(
    "topic",
    read,
    (BadTopic,),
    judge,
    seeds,
    st.one_of(st.tuples(_ONE, _ONE, _CHANNELS), st.lists(_ONE, min_size=4, max_size=8)).map(
        lambda parts: "/".join(["simpang", "v1", *parts]).encode("utf-8", "surrogatepass")
    ),
    tuple(part.encode() for part in _PARTS if part),
    heavy,
    longest=256,
)
