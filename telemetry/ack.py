"""The acknowledgement: the hub's word that the store has taken a batch, so that the agent may forget it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from telemetry.errors import BadAck

LARGEST = 256 * 1024
_EPOCH = re.compile(r"[0-9a-f]{16}")
_LONGEST_REASON = 120


@dataclass(frozen=True, slots=True)
class DeadLine:
    """A line that no store would take: its place in the batch, counted from 1, and why."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Ack:
    """What became of a batch: how many of its lines are stored, and which are dead."""

    epoch: str
    batch: int
    stored: int
    dead: tuple[DeadLine, ...] = ()

    def accounts_for(self, lines: int) -> bool:
        """Tell whether it says of each line of a batch, and of no other, that it is stored or dead."""
        dead = {d.line for d in self.dead}
        return self.stored + len(dead) == lines and all(1 <= line <= lines for line in dead)

    def encode(self) -> bytes:
        """Return the payload to publish; reasons are shortened until it is no larger than LARGEST."""
        longest = _LONGEST_REASON
        while len(payload := self._said(longest)) > LARGEST and longest:
            longest //= 2
        return payload

    def _said(self, longest: int) -> bytes:
        dead = [{"line": d.line, "why": d.why[:longest]} for d in self.dead]
        said = {"epoch": self.epoch, "batch": self.batch, "stored": self.stored, "dead": dead}
        return json.dumps(said, separators=(",", ":")).encode()


def decode(payload: bytes) -> Ack:
    """Return the acknowledgement in a payload; raises BadAck."""
    if len(payload) > LARGEST:
        raise BadAck(f"the acknowledgement has {len(payload)} bytes; {LARGEST} are allowed")
    try:
        said = json.loads(payload)
        dead = tuple(DeadLine(_count(d["line"]), str(d["why"])[:_LONGEST_REASON]) for d in said["dead"])
        epoch, batch, stored = said["epoch"], _count(said["batch"]), _count(said["stored"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadAck(f"not an acknowledgement: {type(error).__name__}: {str(error)[:_LONGEST_REASON]}") from error
    if not isinstance(epoch, str) or _EPOCH.fullmatch(epoch) is None:
        raise BadAck(f"epoch {str(epoch)[:_LONGEST_REASON]!r} is not 16 hexadecimal digits")
    return Ack(epoch, batch, stored, dead)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 10**18:
        raise ValueError(f"{value!r} is not a count")
    return value
