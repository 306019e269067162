"""The topic grammar: what is built can be read back, and nothing else can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.errors import BadTopic
from telemetry.reading import Place
from telemetry.topic import Channel, everyone, parse, topic
from tests.support.lines import PLACE, PROPERTY, names

MOSTLY_TOPICS = st.lists(
    st.sampled_from(["simpang", "v1", "up", "down", "readings", "status", "ack", "se-1", "", "+", "#", "$share", "É"]),
    max_size=8,
).map("/".join)


@pytest.mark.parametrize(
    ("channel", "text"),
    [
        (Channel.READINGS, "simpang/v1/simpang-empat/se-1/up/readings"),
        (Channel.STATUS, "simpang/v1/simpang-empat/se-1/up/status"),
        (Channel.ACK, "simpang/v1/simpang-empat/se-1/down/ack"),
    ],
)
def test_the_topics_of_the_contract(channel: Channel, text: str) -> None:
    assert topic(PLACE, channel) == text
    assert parse(text) == (PLACE, channel)


def test_the_filters_of_the_contract() -> None:
    assert everyone(Channel.READINGS) == "simpang/v1/+/+/up/readings"
    assert everyone(Channel.READINGS, group="hubs") == "$share/hubs/simpang/v1/+/+/up/readings"


@PROPERTY
@given(st.builds(Place, names, names), st.sampled_from(Channel))
def test_every_topic_is_read_back(place: Place, channel: Channel) -> None:
    assert parse(topic(place, channel)) == (place, channel)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "simpang/v1",
        "simpang/v1/a/b",
        "simpang/v1/a/b/up",
        "simpang/v1/a/b/up/readings/",
        "simpang/v1/a/b/up/readings/x",
        "/simpang/v1/a/b/up/readings",
        "simpang/v1//b/up/readings",
        "simpang/v1/a//up/readings",
        "simpang/v1/+/+/up/readings",
        "simpang/v1/#",
        "simpang/v1/a/#/up/readings",
        "simpang/v2/a/b/up/readings",
        "Simpang/v1/a/b/up/readings",
        "simpang/v1/a/b/up/Readings",
        "simpang/v1/a/b/down/readings",
        "simpang/v1/a/b/up/ack",
        "simpang/v1/a/b/down/config",
        "simpang/v1/A/b/up/readings",
        "simpang/v1/a b/b/up/readings",
        "simpang/v1/a\n/b/up/readings",
        "simpang/v1/a/b\0/up/readings",
        "simpang/v1/a/../up/readings",
        "simpang/v1/a,b/c/up/readings",
        "$share/hubs/simpang/v1/a/b/up/readings",
        "$SYS/broker/uptime",
        "simpang/v1/" + "a" * 33 + "/b/up/readings",
    ],
)
def test_any_other_topic_is_refused(text: str) -> None:
    with pytest.raises(BadTopic, match="simpang/v1/<site>/<agent>/<channel>"):
        parse(text)


@PROPERTY
@given(st.one_of(st.text(), MOSTLY_TOPICS))
def test_what_can_be_read_is_what_would_be_written(text: str) -> None:
    try:
        place, channel = parse(text)
    except BadTopic:
        return
    assert topic(place, channel) == text


@pytest.mark.parametrize("text", ["simpang/v1/" + "x" * 60_000 + "/b/up/readings", "/" * 65_000, "y" * 65_000])
def test_the_longest_topic_makes_a_short_message(text: str) -> None:
    with pytest.raises(BadTopic) as refused:
        parse(text)
    assert len(str(refused.value)) < 500
