"""The spool, broken on purpose; what these need to know of its insides is here."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

from edge_agent.delivery import shelf, undated
from edge_agent.delivery.intake import Intake
from edge_agent.delivery.shelf import Shelf
from edge_agent.delivery.takeover import Takeover
from telemetry import batch as batches

DROPPED: tuple[Any, str] = (Intake, "_make_room")
UNDATED: tuple[Any, str] = (undated, "stamped")
NUMBERS: tuple[Any, str] = (shelf, "_books")
GOING_ON: tuple[Any, str] = (Shelf, "go_on_from")
PORTION: tuple[Any, str] = (Takeover, "go_on")
LEFT_UNDATED: tuple[Any, str] = (undated, "restore")


def restamped(sound: Any) -> Any:
    """Date a batch a second later each time it is read."""
    times: Counter[tuple[int, int]] = Counter()

    async def broken(self: Any, number: int) -> Any:
        payload = await sound(self, number)
        times[id(self), number] += 1
        if payload is None or times[id(self), number] == 1:
            return payload
        batch = batches.decode(payload)
        later = 10**9 * times[id(self), number]
        body = re.sub(rb"\d{19}(?=\n)", lambda found: b"%d" % (int(found[0]) + later), batch.body)
        return replace(batch, body=body).encode()

    return broken


def told_nothing(sound: Any) -> Any:
    """Drop and say nothing."""

    def broken(self: Any, *args: Any) -> list[Any]:
        sound(self, *args)
        return []

    return broken


def dated_twice(sound: Any) -> Any:
    """Date each reading that waited, and once more."""

    def broken(*args: Any) -> Any:
        out = sound(*args)
        return replace(out, dated=out.dated + out.dated)

    return broken


def numbers_anew(sound: Any) -> Any:
    """Open without the sensors' numbers."""
    return lambda newest: replace(sound(newest), next_seq={}, noted={})


def portion_passed_over(sound: Any) -> Any:
    """Go on behind a portion that the disk refused."""

    def broken(self: Takeover, *args: Any) -> None:
        try:
            sound(self, *args)
        finally:
            self._portion = []

    return broken


def nothing_restored(*_: Any) -> int:
    """Leave what waits for a date in the damaged spool."""
    return 0
