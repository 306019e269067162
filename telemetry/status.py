"""An agent's retained status: online, stopping, or lost (said by the broker as the agent's last will)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from telemetry.errors import BadStatus

_LONGEST_REASON = 120


class State(StrEnum):
    """What an agent is doing."""

    ONLINE = "online"
    STOPPING = "stopping"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Status:
    """State, version of the software, and since when (ISO 8601 with zone)."""

    state: State
    version: str
    since: str

    def encode(self) -> bytes:
        """Return the payload to publish, retained."""
        return json.dumps({"state": self.state, "version": self.version, "since": self.since}).encode()


def decode(payload: bytes) -> Status:
    """Return the status in a payload; raises BadStatus."""
    try:
        said = json.loads(payload[:4096])
        return Status(State(said["state"]), str(said["version"])[:40], str(said["since"])[:40])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadStatus(f"not a status: {type(error).__name__}: {str(error)[:_LONGEST_REASON]}") from error
