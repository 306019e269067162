"""The day clips as cameras of one agent: what it counts is what arrives, and no clip gives zero or double."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections import Counter
from functools import partial
from itertools import pairwise
from pathlib import Path

from tests.support import clips, influx
from tests.support.clips import CLIPS, DAY
from tests.support.rig import City, wait_until
from tests.support.servers import Server

AS_FAST_AS_IT_GOES = "fps = 0\nrealtime = false\n"
GOOD = "WHERE quality = 0"
SECOND = 10**9
ROAD = "tfl_a13_day_light"

Tally = Counter[tuple[str, str, str]]
"""Counts by sensor, line and direction."""


def sensor(name: str) -> str:
    return name.replace("_", "-")


def counted_alone(name: str) -> Tally:
    """Return what the camera's process says of a clip when nobody else is there."""
    settings = {"url": str(CLIPS / f"{name}.mp4"), "fps": 0, "realtime": False, "lines": clips.lines(name)}
    command = [sys.executable, "-m", "edge_agent.vision.process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as ran:
        assert ran.stdin is not None
        assert ran.stdout is not None
        ran.stdin.write(json.dumps(settings).encode() + b"\n")
        ran.stdin.flush()
        said = [json.loads(line) for line in ran.stdout]
    assert ran.returncode == 0
    tally: Tally = Counter()
    for one in said:
        if one.get("family") == "traffic":
            labels = one["labels"]
            tally[sensor(name), labels["line"], labels["direction"]] += one["values"]["count"]
    return tally


def stored(server: Server, family: str, where: str = "") -> Tally:
    """Return the sum of all counts of a family in the database, zeros included."""
    tally: Tally = Counter()
    for row in influx.query(server, f'SELECT "count" FROM {family} {where} GROUP BY sensor, line, direction, "class"'):
        tally[row["sensor"], row["line"], row["direction"]] += row["count"]
    return tally


def intervals(server: Server, camera: str) -> list[list[tuple[str, str, str]]]:
    """Return which movements a camera's totals name in each interval, whose rows lie within a millisecond or two."""
    asked = f"SELECT * FROM traffic WHERE sensor = '{camera}' AND \"count\" >= 0 AND observed > 0"
    rows = sorted(influx.query(server, asked), key=lambda row: int(row["time"]))
    found: list[list[tuple[str, str, str]]] = []
    for before, row in pairwise([{"time": 0}, *rows]):
        if row["time"] - before["time"] > SECOND:
            found.append([])
        found[-1].append((row["line"], row["direction"], row["class"]))
    return found


def test_day_clips_arrive_as_counted(tmp_path: Path, broker: Server, influx1: Server) -> None:
    tables = "".join(clips.table(sensor(name), name, str(CLIPS / f"{name}.mp4"), AS_FAST_AS_IT_GOES) for name in DAY)
    store = f'[store]\nkind = "influxdb1"\nurl = "{influx1.url}"\n'
    with City(tmp_path / "city", broker.port, store, tables) as city:
        for name in DAY:
            city.wait_for_state(sensor(name), "ended")
        city.wait_for_delivery(len(DAY) + 1)
    totals = stored(influx1, "traffic")
    alone: Tally = Counter()
    for name in DAY:
        alone += counted_alone(name)
    assert +totals == alone
    assert +stored(influx1, "crossing") == alone
    assert_zeros_are_told(influx1, DAY)
    for name in DAY:
        judge(name, sensor(name), totals)


def assert_zeros_are_told(server: Server, names: tuple[str, ...]) -> None:
    """Nothing counted differs from nothing known: each interval names each movement, once."""
    for name in names:
        told = intervals(server, sensor(name))
        assert told, name
        for movements in told:
            assert sorted(movements) == sorted(clips.movements(name)), name
    zeros = influx.query(server, 'SELECT "count" FROM traffic WHERE "count" = 0')
    assert zeros, "no clip holds a direction that nobody took; choose one that does"


def judge(name: str, camera: str, totals: Tally) -> None:
    """Print counts beside the truth; fail where a clip gives nothing for something, or double."""
    certain, optional = clips.seen(name)
    for (line, way), number in certain.items():
        counted = totals[camera, line, way]
        print(f"{camera} {line} {way:8} counted {counted:3}  truth {number:3}  optional {optional[line, way]:2}")
    counted = sum(totals[flow] for flow in totals if flow[0] == camera)
    assert 0 < counted < 2 * sum(certain.values()), camera


def played(city: City, camera: str) -> bool:
    """Tell whether a camera gave pictures and has gone."""
    source = city.source(camera)
    return source.get("state") == "lost" and source["frames"] > 0


def frames(server: Server, camera: str) -> int:
    """Return how many pictures a camera says that it analysed."""
    return sum(row["frames"] for row in influx.query(server, f"SELECT frames FROM scene WHERE sensor = '{camera}'"))


def test_a_real_road_over_mjpeg_and_rtsp_is_counted(tmp_path: Path, broker: Server, influx1: Server) -> None:
    """With the settings as shipped, but for the interval: nobody wants to wait for whole minutes."""
    store = f'[store]\nkind = "influxdb1"\nurl = "{influx1.url}"\n'
    clips.truth(ROAD)
    with contextlib.ExitStack() as stack:
        urls = {"cam-mjpeg": clips.as_mjpeg(ROAD), "cam-rtsp": clips.as_rtsp(ROAD)}
        cameras = {name: stack.enter_context(served) for name, served in urls.items()}
        tables = "".join(clips.table(name, ROAD, url, "interval = 5\n") for name, url in cameras.items())
        city = stack.enter_context(City(tmp_path / "city", broker.port, store, tables))
        for camera in cameras:
            wait_until(partial(played, city, camera), f"the end of {camera}")
        wait_until(lambda: stored(influx1, "traffic") == stored(influx1, "crossing", GOOD), "the last totals")
    totals = stored(influx1, "traffic")
    for camera in cameras:
        assert frames(influx1, camera) > 0, camera
        judge(ROAD, camera, totals)
