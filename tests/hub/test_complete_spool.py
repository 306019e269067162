"""A real spool that is too small for an offline stretch: whatever it thins and drops, its gaps explain every number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edge_agent.clock import Stamp
from edge_agent.delivery.spool import Spool
from edge_agent.taken import Taken
from hub.cli import app
from telemetry import batch as batches
from telemetry.quantity import Family
from telemetry.reading import Measurement
from tests.hub import completing
from tests.hub.completing import BEGIN, DAY
from tests.support import spooling

HOUR = 3600
EVERY, COMMITTED = 20, 180
"""Seconds between readings, and between commits."""

OFFLINE = range(3 * HOUR, 14 * HOUR)
BOOT = 10**15
"""Monotonic nanoseconds at the day's begin."""


def taken(second: int) -> list[Taken]:
    at = BOOT + second * 10**9
    said = [
        Taken("dust", Measurement(Family.AIR, {"pm2_5": second % 997 / 10}), at),
        Taken("cam", Measurement(Family.SCENE, {"frames": second % 100}), at),
    ]
    if second % 60 == 0:
        line = {"line": "l1", "direction": "in", "class": "car"}
        said.append(Taken("cam", Measurement(Family.TRAFFIC, {"count": 1, "observed": 60}, line), at - 30 * 10**9))
    return said


def drained(spool: Spool) -> list[bytes]:
    lines: list[bytes] = []
    for number in spool.after(0, limit=10**6):
        payload = spool.payload(number)
        assert payload is not None
        lines += batches.decode(payload).body.splitlines(keepends=True)
        spool.forget(number)
    return lines


def stored(path: Path, quota: int) -> list[bytes]:
    """Return what reaches the store of a day with a long stretch offline."""
    spool = spooling.opened(path, quota=quota, batch_readings=100)
    lines: list[bytes] = []
    for begin in range(-HOUR, 25 * HOUR, COMMITTED):
        said = [one for second in range(begin, begin + COMMITTED, EVERY) for one in taken(second)]
        end = begin + COMMITTED
        spool.commit(said, Stamp(BEGIN + end * 1000, BOOT + end * 10**9))
        if begin not in OFFLINE:
            lines += drained(spool)
    lines += drained(spool)
    spool.close()
    return lines


def complete(folder: Path, lines: list[bytes]) -> dict[str, dict[str, Any]]:
    folder.mkdir()
    with completing.store("embedded", folder) as filled:
        filled.write(lines)
        config = str(filled.config(folder))
        options = ["--site", spooling.PLACE.site, "--day", str(DAY.date), "--timezone", "Asia/Jakarta", "--json"]
        said = CliRunner().invoke(app, ["complete", *options, "-c", config])
    assert said.exit_code in (0, 1), said.output
    return {each["sensor"]: each for each in json.loads(said.stdout)["sensors"]}


def test_every_number_that_the_spool_gave_up_has_its_cause_and_one_that_is_lost_has_none(tmp_path: Path) -> None:
    lines = stored(tmp_path / "spool.db", quota=40_000)
    sensors = complete(tmp_path / "all", lines)
    assert [each["unexplained"] for each in sensors.values()] == [0, 0]
    assert sum(sum(each["explained"].values()) for each in sensors.values()) > 500
    kept = [line for line in lines if b",sensor=dust pm2_5=" in line]
    lost = next(line for line in kept if int(line.rsplit(b" ", 1)[1]) > DAY.begin + 20 * HOUR * 10**9)
    sensors = complete(tmp_path / "one-less", [line for line in lines if line != lost])
    assert {name: each["unexplained"] for name, each in sensors.items()} == {"dust": 1, "cam": 0}
    assert f"seq={sensors['dust']['unexplained_numbers'][0]['first']}i ".encode() in lost


@pytest.mark.parametrize("quota", [120_000, 10**9])
def test_what_is_averaged_only_is_not_called_missing(tmp_path: Path, quota: int) -> None:
    sensors = complete(tmp_path / "all", stored(tmp_path / "spool.db", quota=quota))
    assert all(each["unexplained"] == 0 for each in sensors.values())
    causes = {cause for each in sensors.values() for cause in each["explained"]}
    assert causes <= {"thinned", "dropped"}
    assert (quota == 10**9) == (not causes)
