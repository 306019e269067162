"""Captured bytes through port, driver, spool, broker and hub into each store: the rows equal the expected values."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.journeys.test_kills import frame
from tests.support import influx, servers
from tests.support.players import Player
from tests.support.replays import HELD_BACK, Replay, replays
from tests.support.rig import City, wait_until
from tests.support.servers import Server

Rows = list[Mapping[str, Any]]
Span = range
"""Nanoseconds since 1970."""

MILLISECOND = 10**6
PROBES = 8
NEAR = 1e-6
NO_VALUES = ("time", "site", "agent", "sensor", "quality", "seq")
REPORTED = {f"health_{name}" for name in ("frames", "rejected", "restarts", "awake", "wakes", "quality")} | {
    "air_quality"
}


@pytest.fixture
def played(tmp_path: Path) -> Iterator[list[Replay]]:
    """All replays, plugged in by `deliver` and unplugged at the end."""
    found = replays()
    yield found
    for replay in found:
        if replay.player is not None:
            replay.player.close()


def deliver(city: City, played: Sequence[Replay]) -> Span:
    """Run a city until every capture has been said and each reading of it acknowledged; return when that was.

    The agent's report on itself and each sensor comes once, and is waited for: so it has the number 0 everywhere.
    """
    began = time.time_ns()
    reports = len(played) + 1
    with city:
        city.wait_for_delivery(reports)
        for replay in played:
            city.wait_for_state(replay.sensor, "open", "live")
        for replay in played:
            replay.begin()
        for replay in played:
            assert replay.player is not None
            replay.player.finish()
        city.wait_for_delivery(sum(len(replay.rows) for replay in played) + reports)
        for replay in played:
            wait_until(partial(has_rejected, city, replay), f"{replay.rejected} of {replay.sensor}")
    return range(began // MILLISECOND * MILLISECOND, time.time_ns())


def has_rejected(city: City, replay: Replay) -> bool:
    """Tell whether the agent names what became no row, and why; its figures are a second old."""
    return bool(city.source(replay.sensor)["rejected"] == dict(replay.rejected))


def assert_rows(played: Sequence[Replay], rows_of: Callable[[str, Replay], Rows], span: Span) -> None:
    """Compare rows by their sequence numbers with what was said: none more, none less, once each."""
    for replay in played:
        health = rows_of("health", replay)
        reports, others = health[:1], health[1:]
        rows = others if replay.family == "health" else rows_of(replay.family, replay)
        assert [row["seq"] for row in (*reports, *rows)] == list(range(len(replay.rows) + 1)), replay.sensor
        assert len(others) == (len(rows) if replay.family == "health" else 0), replay.sensor
        for row, expected in zip(rows, replay.rows, strict=True):
            assert values_of(row) == pytest.approx(expected, abs=NEAR), replay.sensor
        for row in (*reports, *rows):
            assert row["time"] % MILLISECOND == row["seq"] % MILLISECOND, replay.sensor
            assert row["time"] in span, replay.sensor


def values_of(row: Mapping[str, Any]) -> dict[str, float]:
    """Return every value of a row."""
    return {name: value for name, value in row.items() if name not in NO_VALUES and value is not None}


def test_the_captures_are_all_of_them(played: list[Replay]) -> None:
    """Of 934 sentences with a meaning, three are held back, and those without a fix become rows only from a GGA."""
    frames, rows = (Counter[str](), Counter[str]())
    for replay in played:
        frames[replay.driver] += len(replay.frames)
        rows[replay.driver] += len(replay.rows)
    assert dict(frames) == {"sds011": 10, "pmsx003": 10, "mhz19b": 11, "nmea": 2603}
    assert rows["nmea"] + sum(sum(replay.rejected.values()) for replay in played) == 934
    assert sum(replay.rejected.get("format", 0) for replay in played) == len(HELD_BACK)


def test_into_influxdb_1(tmp_path: Path, broker: Server, influx1: Server, played: list[Replay]) -> None:
    sensors = "".join(replay.plug(tmp_path) for replay in played)
    store = f'[store]\nkind = "influxdb1"\nurl = "{influx1.url}"\n'
    span = deliver(City(tmp_path / "city", broker.port, store, sensors), played)

    def rows_of(family: str, replay: Replay) -> Rows:
        own = influx.query(influx1, f"SELECT * FROM {family} WHERE sensor = '{replay.sensor}'")
        return sorted(own, key=lambda row: int(row["seq"]))

    assert_rows(played, rows_of, span)


def test_into_the_embedded_store(tmp_path: Path, broker: Server, played: list[Replay]) -> None:
    sensors = "".join(replay.plug(tmp_path) for replay in played)
    file = tmp_path / "city.duckdb"
    store = f'[store]\nkind = "embedded"\npath = "{file}"\n'
    span = deliver(City(tmp_path / "city", broker.port, store, sensors), played)
    with ExitStack() as stack:
        db = duckdb.connect(str(file), read_only=True)
        stack.callback(db.close)

        def rows_of(family: str, replay: Replay) -> Rows:
            columns = "* REPLACE (epoch_ns(time) AS time)"
            asked = f"SELECT {columns} FROM {family} WHERE sensor = ? ORDER BY seq"
            cursor = db.execute(asked, [replay.sensor])
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        assert_rows(played, rows_of, span)


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Server]:
    """VictoriaMetrics that keeps frames of one chunk, which share their millisecond, apart."""
    with servers.running(servers.victoria_metrics(tmp_path / "victoria", deduplicate=False)) as server:
        yield server


def test_into_victoria_metrics(tmp_path: Path, broker: Server, victoria: Server, played: list[Replay]) -> None:
    sensors = "".join(replay.plug(tmp_path) for replay in played)
    store = f'[store]\nkind = "victoriametrics"\nurl = "{victoria.url}"\ndurable_after = 1\n'
    span = deliver(City(tmp_path / "city", broker.port, store, sensors), played)
    urllib.request.urlopen(f"{victoria.url}/internal/force_flush", timeout=10).close()
    for replay in played:
        said = _exported(victoria, f'{{__name__=~"{replay.family}_.*",sensor="{replay.sensor}"}}')
        numbered = [(at, int(seq)) for at, seq in said.pop(f"{replay.family}_seq") if seq > 0]
        assert sorted(seq for _, seq in numbered) == list(range(1, len(replay.rows) + 1)), replay.sensor
        assert all(at * MILLISECOND in span for at, _ in numbered), replay.sensor
        names = {f"{replay.family}_{name}" for row in replay.rows for name in row}
        assert said.keys() - REPORTED == names, replay.sensor
        for name in names:
            field = name.removeprefix(f"{replay.family}_")
            rows = [(at, replay.rows[seq - 1]) for at, seq in numbered]
            expected = sorted((at, row[field]) for at, row in rows if field in row)
            assert [at for at, _ in said[name]] == [at for at, _ in expected], (replay.sensor, name)
            values = [value for _, value in sorted(said[name])]
            assert values == pytest.approx([value for _, value in expected], abs=NEAR), (replay.sensor, name)


def _exported(server: Server, match: str) -> dict[str, list[tuple[int, float]]]:
    """Return each series' milliseconds and values in the order of their times."""
    asked = urllib.parse.urlencode({"match[]": match})
    with urllib.request.urlopen(f"{server.url}/api/v1/export?{asked}", timeout=10) as answer:
        series = [json.loads(line) for line in answer.read().splitlines()]
    return {one["metric"]["__name__"]: sorted(zip(one["timestamps"], one["values"], strict=True)) for one in series}


def test_victoria_metrics_keeps_up_at_the_hubs_own_pace(tmp_path: Path, broker: Server, victoria: Server) -> None:
    """The hub holds each acknowledgement for 12 s there; an agent that makes a batch a second must not fall behind.

    Until the first of them it can only probe whether a hub is there at all.
    """
    link = tmp_path / "by-id" / "dust"
    player = Player(link)
    sensors = f'[[serial]]\nsensor = "dust"\ndriver = "sds011"\nport = "{link}"\n'
    store = f'[store]\nkind = "victoriametrics"\nurl = "{victoria.url}"\n'
    try:
        with City(tmp_path / "city", broker.port, store, sensors) as city:
            city.wait_for_state("dust", "open", "live")
            player.play([frame(number) for number in range(1, 41)], seconds=1.0)
            player.finish()
            said = city.agent_says()
            assert said["waiting"]["batches"] <= 16
            assert said["batches"]["resent"] <= PROBES
            city.wait_for_delivery(40)
    finally:
        player.close()
