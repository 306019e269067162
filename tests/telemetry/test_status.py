"""An agent's status: read back as said, and refused when it is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.errors import BadStatus
from telemetry.status import State, Status, decode
from tests.support.lines import PROPERTY

SAID: dict[str, Any] = {"state": "online", "version": "0.1.0", "since": "2026-01-01T00:00:00+00:00"}


def test_the_status_of_the_contract() -> None:
    status = Status(State.ONLINE, "0.1.0", "2026-01-01T00:00:00+00:00")
    assert json.loads(status.encode()) == SAID
    assert decode(json.dumps(SAID).encode()) == status


@PROPERTY
@given(st.builds(Status, st.sampled_from(State), st.text(max_size=40), st.text(max_size=40)))
def test_every_status_is_read_back(status: Status) -> None:
    assert decode(status.encode()) == status


def test_long_texts_are_cut() -> None:
    heard = decode(json.dumps(SAID | {"version": "v" * 1000, "since": "s" * 1000}).encode())
    assert (len(heard.version), len(heard.since)) == (40, 40)


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        "online",
        0,
        *({k: v for k, v in SAID.items() if k != key} for key in SAID),
        *(SAID | {"state": wrong} for wrong in ("", "Online", "dead", None, 1, [], {}, ["online"])),
    ],
)
def test_what_is_no_status_is_refused(said: Any) -> None:
    with pytest.raises(BadStatus):
        decode(json.dumps(said).encode())


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0",
        b"\xff\xfe\0",
        b"{" * 5000,
        b"[" * 5000,
        b"9" * 5000,
        b'{"state":"' + b"\xff" * 4000,
        json.dumps(SAID | {"state": "x" * 4000}).encode(),
        json.dumps(SAID | {"version": "v" * 5000}).encode(),
    ],
    ids=range(9),
)
def test_hostile_bytes_are_refused_with_a_bounded_message(payload: bytes) -> None:
    with pytest.raises(BadStatus) as refused:
        decode(payload)
    assert len(str(refused.value)) < 4200


def test_only_the_first_bytes_are_read() -> None:
    assert decode(json.dumps(SAID).encode().ljust(4096) + b"}" * 10**6).state is State.ONLINE


@PROPERTY
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(payload: bytes) -> None:
    with pytest.raises(BadStatus):
        decode(payload)
