"""The agent's figures: what was committed, sent and acknowledged, what waits, how each source is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge_agent.delivery.committer import Committer
from edge_agent.delivery.facts import Held
from edge_agent.delivery.sender import Sent
from edge_agent.sources.source import Vitals


def report(committer: Committer, sent: Sent, held: Held, sources: Sequence[Vitals]) -> dict[str, Any]:
    """Return what was committed, sent and acknowledged, what waits, and how each source is."""
    return {
        "committed": committer.committed,
        "lost_before_commit": committer.lost_before_commit,
        "memory": {"readings": committer.in_memory, "why": committer.refusal},
        "batches": {
            "committed": committer.batches,
            "sent": sent.sent,
            "resent": sent.resent,
            "acknowledged": sent.acknowledged,
        },
        "stored": sent.stored,
        "refused": sent.refused,
        "waiting": {"readings": held.readings, "batches": held.batches, "bytes": held.bytes, "undated": held.undated},
        "broker": {"online": sent.online, "why": sent.why},
        "sources": [_source(vitals) for vitals in sources],
    }


def _source(vitals: Vitals) -> dict[str, Any]:
    return {
        "sensor": vitals.sensor,
        "state": vitals.state,
        "why": vitals.why,
        "frames": vitals.frames,
        "rejected": dict(vitals.rejected),
        "restarts": vitals.restarts,
        "frame_age": vitals.frame_age(),
        "newest": vitals.newest,
    }
