"""What is drawn from the seed before a world begins: its size, its rates, its bounds."""

from __future__ import annotations

import random
from dataclasses import dataclass

PLENTY = 10**9


@dataclass(frozen=True)
class Settings:
    """One world's settings."""

    seconds: float
    """How long faults go on."""
    agents: int
    sensors: tuple[str, ...]
    period: float
    """Mean seconds between two readings of a sensor."""
    commit_seconds: float
    quota: int
    batch_readings: int
    window: int
    resend_seconds: float
    patience_seconds: int
    compress: bool
    durable_after: int
    most_lines: int
    bad: int
    share_group: str | None
    small: dict[str, int]
    """Bounds of production code, lowered so that they are met."""
    backlog_rate: float
    """Bytes a second that the backlog may take, 0 without a bound."""


def drawn(rng: random.Random) -> Settings:
    """Draw the settings of a world."""
    durable_after = rng.choice((0, 0, 3, 12))
    return Settings(
        seconds=rng.choice((120.0, 240.0, 240.0, 480.0)),
        agents=rng.choice((1, 1, 1, 2)),
        sensors=("dust", "co2", "cam")[: rng.randint(1, 3)],
        period=rng.choice((3.0, 10.0, 20.0, 40.0)),
        commit_seconds=rng.choice((0.5, 1.0, 1.0, 1.0)),
        quota=rng.choice((6_000, 10_000, 30_000, PLENTY, PLENTY, PLENTY)),
        batch_readings=rng.choice((5, 20, 100)),
        window=rng.choice((4, 16) if durable_after else (1, 2, 4, 16)),
        resend_seconds=rng.choice((3.0, 5.0, 20.0)),
        patience_seconds=rng.choice((60, 300, 10**6, 10**6)),
        compress=rng.random() < 0.7,
        durable_after=durable_after,
        most_lines=rng.choice((3, 20, 10_000, 10_000)),
        bad=rng.choice((0, 0, 3, 10, 30)),
        share_group=rng.choice((None, "hubs")),
        small={
            "queue": rng.choice((5, 50, 1_000)),
            "memory": rng.choice((20, 60, 20_000)),
            "arrivals": rng.choice((300, 2_000, 32 * 1024 * 1024)),
            "inbox": rng.choice((2, 10, 4_096)),
            "acks": rng.choice((2, 10, 10_000)),
            "portion": rng.choice((1, 3, 200)),
        },
        backlog_rate=rng.choice((0.0, 0.0, 0.0, 200.0, 1_000.0)),
    )
