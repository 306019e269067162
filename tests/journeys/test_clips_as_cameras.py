"""The day clips as cameras of one agent: what it counts is what arrives, and no clip gives zero or double."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import influx
from tests.support.rig import City
from tests.support.servers import Server

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips"
DAY = ("tfl_a13_day_light", "tfl_a13_day_sun", "tfl_a13_day_dense", "intel_car_detection", "otvision_cars_cyclist")
OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left"}

Tally = Counter[tuple[str, str, str]]
"""Counts by sensor, line and direction."""


def truth(name: str) -> dict[str, Any]:
    """Return a clip's truth file; skips where the footage is absent."""
    file = CLIPS / f"{name}.gt.json"
    if not file.is_file():
        pytest.skip(f"the road clips are not here: {CLIPS}")
    return dict(json.loads(file.read_text()))


def sensor(name: str) -> str:
    return name.replace("_", "-")


def settings(name: str) -> dict[str, Any]:
    """Return what the camera's process is told: every frame, as fast as it goes, the truth file's lines."""
    lines = [
        {"name": line["id"].lower(), "from": line["line"][0], "to": line["line"][1], "directions": directions(line)}
        for line in truth(name)["lines"]
    ]
    return {"url": str(CLIPS / f"{name}.mp4"), "fps": 0, "realtime": False, "lines": lines}


def directions(line: Mapping[str, Any]) -> list[str]:
    """Return the names of moving to the right-hand side and to the left of a line."""
    named = {event["sign"]: event["direction"] for event in line["events"]}
    right = named.get("-to+") or OPPOSITE[named["+to-"]]
    return [right, OPPOSITE[right]]


def table(name: str) -> str:
    """Return the clip as a [[camera]] table."""
    said = settings(name)
    head = f'[[camera]]\nsensor = "{sensor(name)}"\nurl = "{said["url"]}"\nfps = 0\nrealtime = false\n'
    return head + "".join(
        f'[[camera.line]]\nname = "{line["name"]}"\nfrom = {line["from"]}\nto = {line["to"]}\n'
        f"directions = {json.dumps(line['directions'])}\n"
        for line in said["lines"]
    )


def counted_alone(name: str) -> Tally:
    """Return what the camera's process says of a clip when nobody else is there."""
    command = [sys.executable, "-m", "edge_agent.vision.process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as ran:
        assert ran.stdin is not None
        assert ran.stdout is not None
        ran.stdin.write(json.dumps(settings(name)).encode() + b"\n")
        ran.stdin.flush()
        said = [json.loads(line) for line in ran.stdout]
    assert ran.returncode == 0
    tally: Tally = Counter()
    for one in said:
        if one.get("family") == "traffic":
            labels = one["labels"]
            tally[sensor(name), labels["line"], labels["direction"]] += one["values"]["count"]
    return tally


def seen(name: str) -> tuple[Tally, Tally]:
    """Return what truly crossed, and what may be counted or not."""
    events = [(line["id"].lower(), event) for line in truth(name)["lines"] for event in line["events"]]
    certain = Counter((sensor(name), line, e["direction"]) for line, e in events if not e.get("optional"))
    optional = Counter((sensor(name), line, e["direction"]) for line, e in events if e.get("optional"))
    return certain, optional


def test_day_clips_arrive_as_counted(tmp_path: Path, broker: Server, influx1: Server) -> None:
    tables = "".join(table(name) for name in DAY)
    store = f'[store]\nkind = "influxdb1"\nurl = "{influx1.url}"\n'
    with City(tmp_path / "city", broker.port, store, tables) as city:
        for name in DAY:
            city.wait_for_state(sensor(name), "ended")
        city.wait_for_delivery(len(DAY) + 1)
    stored: Tally = Counter()
    for row in influx.query(influx1, 'SELECT "count" FROM traffic GROUP BY sensor, line, direction, "class"'):
        stored[row["sensor"], row["line"], row["direction"]] += row["count"]
    crossings: Tally = Counter()
    for row in influx.query(influx1, 'SELECT "count" FROM crossing GROUP BY sensor, line, direction, "class"'):
        crossings[row["sensor"], row["line"], row["direction"]] += row["count"]
    alone: Tally = Counter()
    for name in DAY:
        alone += counted_alone(name)
    assert +stored == alone
    assert +crossings == alone
    judge(stored)


def judge(stored: Tally) -> None:
    """Print counts beside the truth; fail where a clip gives nothing for something, or double."""
    for name in DAY:
        certain, optional = seen(name)
        for flow, number in certain.items():
            print(f"{' '.join(flow):45} counted {stored[flow]:3}  truth {number:3}  optional {optional[flow]:2}")
        counted = sum(stored[flow] for flow in stored if flow[0] == sensor(name))
        assert 0 < counted < 2 * sum(certain.values()), name
