"""Cost of a reading's line: formatting on the agent, checking on the hub, beside parsing each line in Python."""

from __future__ import annotations

from collections.abc import Iterator

from bench.figure import Figure, cpu_seconds
from bench.sample import BATCH, PLACE, body, readings
from telemetry.batch import Batch, decode
from telemetry.check import TimeWindow, check
from telemetry.line import format_line

_REPEATS = 200
_ALWAYS = TimeWindow(0, 2 * 10**18)


def measure() -> Iterator[Figure]:
    """Yield CPU per reading and readings a second on one core, and bytes a reading on the wire."""
    made, lines = readings(BATCH), body(BATCH)
    batch = Batch("0" * 16, 1, BATCH, lines)
    payload = batch.encode()
    names = (
        "format (agent)",
        "compress (agent)",
        "decompress and check (hub)",
        "parse each line in Python (for comparison)",
    )
    costs = cpu_seconds(
        lambda: [[format_line(PLACE, reading) for reading in made] for _ in range(_REPEATS)],
        lambda: [batch.encode() for _ in range(_REPEATS)],
        lambda: [check(PLACE, decode(payload).body, _ALWAYS) for _ in range(_REPEATS)],
        lambda: [_parsed(lines) for _ in range(_REPEATS)],
    )
    for name, seconds in zip(names, costs, strict=True):
        each = seconds / (_REPEATS * BATCH)
        yield Figure(
            f"{name}, 6 values a reading", f"{each * 1e6:.2f} µs CPU", f"{1 / each:,.0f} readings/s on one core"
        )
    yield Figure(
        "wire, batches of 100, zstd", f"{len(payload) / BATCH:.1f} B a reading", f"{len(lines) / BATCH:.0f} B raw"
    )


def _parsed(lines: bytes) -> list[dict[str, float]]:
    """Parse lines the way a hub without a compiled schema would."""
    parsed = []
    for line in lines.decode().splitlines():
        _, fields, _ = line.split(" ")
        parsed.append({name: float(value.rstrip("i")) for name, value in (f.split("=") for f in fields.split(","))})
    return parsed
