"""The agent's figures, from parts that keep count."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from edge_agent.delivery.facts import Held
from edge_agent.delivery.sender import Sent
from edge_agent.report import report


def test_every_stage_of_delivery_is_told_in_readings_and_batches() -> None:
    committer: Any = SimpleNamespace(committed=120, batches=7, lost_before_commit=1, in_memory=4, refusal="full")
    said = report(committer, Sent(sent=6, resent=1, acknowledged=5, stored=98, refused=2), Held(2, 20, 512, 3), [])
    assert said["batches"] == {"committed": 7, "sent": 6, "resent": 1, "acknowledged": 5}
    assert said["memory"] == {"readings": 4, "why": "full"}
    assert said["waiting"] == {"readings": 20, "batches": 2, "bytes": 512, "undated": 3}
    assert (said["committed"], said["stored"], said["refused"], said["lost_before_commit"]) == (120, 98, 2, 1)
