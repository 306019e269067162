"""Readings that were taken before the wall clock could be trusted wait here, and are stamped once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from edge_agent.clock import Stamp
from edge_agent.taken import Taken, from_json, to_json
from telemetry.quality import Quality
from telemetry.reading import Measurement

Dated = tuple[str, Measurement, int]
"""Sensor, measurement, milliseconds since 1970."""


def keep(db: sqlite3.Connection, boot: str, taken: Sequence[Taken]) -> None:
    """Insert readings with the boot and monotonic time that will date them."""
    rows = [(boot, t.at, t.sensor, to_json(t.measurement)) for t in taken]
    db.executemany("INSERT INTO undated (boot, at, sensor, measurement) VALUES (?, ?, ?, ?)", rows)


def stamped(db: sqlite3.Connection, boot: str, stamp: Stamp) -> list[Dated]:
    """Take all waiting readings out, dated.

    Those of this boot get their true time. An earlier boot never saw a trusted clock: it ended before this one began,
    so its last reading is put at this boot's start and the rest before it at their true spacing, marked as estimated.
    """
    rows = db.execute("SELECT boot, at, sensor, measurement FROM undated ORDER BY id").fetchall()
    db.execute("DELETE FROM undated")
    last_of = {b: max(at for other, at, _, _ in rows if other == b) for b in {row[0] for row in rows}}
    dated: list[Dated] = []
    for of_boot, at, sensor, said in rows:
        measurement = from_json(json.loads(said))
        if of_boot == boot:
            dated.append((sensor, measurement, stamp.milliseconds(at)))
        else:
            estimated = replace(measurement, quality=measurement.quality | Quality.TIME_ESTIMATED)
            dated.append((sensor, estimated, stamp.milliseconds(at - last_of[of_boot])))
    return dated
