"""What was heard is bounded in number and bytes; what is said only once finds room when nothing else does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from service import inbox as inboxes
from service.inbox import Inbox


@dataclass(frozen=True)
class Said:
    topic: str
    payload: bytes = b""


def inbox(most: int = 4) -> Inbox:
    return Inbox(most, is_kept=lambda topic: topic == "state")


def test_number_and_bytes_are_bounded_and_come_free_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "MOST_BYTES", 100)
    box = inbox(most=3)
    box.put_nowait(Said("readings", bytes(60)))
    with pytest.raises(asyncio.QueueFull):
        box.put_nowait(Said("readings", bytes(41)))
    box.put_nowait(Said("readings", bytes(40)))
    box.put_nowait(Said("readings"))
    with pytest.raises(asyncio.QueueFull):
        box.put_nowait(Said("readings"))
    assert [len(box.get_nowait().payload) for _ in range(3)] == [60, 40, 0]
    box.put_nowait(Said("readings", bytes(100)))


def test_a_state_finds_room_when_readings_do_not_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "MOST_BYTES", 100)
    box = inbox(most=2)
    box.put_nowait(Said("readings", bytes(100)))
    for _ in range(7):
        box.put_nowait(Said("state", b"{}"))
    with pytest.raises(asyncio.QueueFull):
        box.put_nowait(Said("state", b"{}"))
    for _ in range(8):
        box.get_nowait()
    box.put_nowait(Said("state", bytes(200)))
    with pytest.raises(asyncio.QueueFull):
        box.put_nowait(Said("state", b"{}"))


async def test_who_waits_for_a_message_gets_it() -> None:
    box = inbox()
    waiting = asyncio.create_task(box.get(), name="reader")
    await asyncio.sleep(0)
    box.put_nowait(Said("readings", b"x"))
    assert (await waiting).payload == b"x"
