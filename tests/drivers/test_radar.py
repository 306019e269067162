"""Radars: the makers' examples, and which way a sample goes."""

from __future__ import annotations

import pytest

from drivers.catalogue import load
from tests.support.captures import shared


def test_the_makers_examples_of_ops243_are_understood() -> None:
    driver = load("ops243")(unit="m/s")
    said = [driver.feed(record["text"].encode()) for record in shared("ops243.jsonl")]
    assert [(each.values["speed"], each.labels["direction"]) for (each,) in said] == [
        (pytest.approx(0.58 * 3.6, abs=0.01), "in"), (pytest.approx(3.6 * 3.6), "in"),
    ]  # fmt: skip


def test_the_makers_examples_of_kld7_are_understood_and_sent() -> None:
    driver = load("kld7")()
    frames = {record.get("name", "target"): bytes.fromhex(record["hex"]) for record in shared("kld7.jsonl")}
    (target,) = driver.feed(frames["target"])
    assert (target.values["speed"], target.labels["direction"]) == (1.05, "in")
    assert driver.feed(frames["RESP OK"]) == []
    assert not driver.rejected
    assert driver.opening == frames["INIT 115200"]
    assert driver.poll() == frames["GNFD TDAT only"]


@pytest.mark.parametrize(
    ("text", "direction"),
    [('{"speed":5,"direction":"outbound"}', "out"), ("-5.0", "out"), ("5.0", "in"), ('{"speed":0.0}', None)],
)
def test_a_sample_says_which_way_it_goes(text: str, direction: str | None) -> None:
    (said,) = load("ops243")().feed(text.encode() + b"\r\n")
    assert said.labels.get("direction") == direction
