"""Captured bytes through port, driver, spool, broker and hub into each store: the rows equal the expected values."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.journeys.test_kills import frame
from tests.support import influx, servers
from tests.support.players import Player
from tests.support.replays import Replay, replays
from tests.support.rig import City
from tests.support.servers import Server

Rows = list[Mapping[str, Any]]


@pytest.fixture
def played(tmp_path: Path) -> Iterator[list[Replay]]:
    """All replays, plugged in by `deliver` and unplugged at the end."""
    found = replays()
    yield found
    for replay in found:
        if replay.player is not None:
            replay.player.close()


def deliver(city: City, played: Sequence[Replay]) -> None:
    """Run a city until every capture has been said and every reading of it acknowledged."""
    with city:
        for replay in played:
            city.wait_for_state(replay.sensor, "open", "live")
        for replay in played:
            replay.begin()
        for replay in played:
            assert replay.player is not None
            replay.player.finish()
        health = len(played) + 1
        city.wait_for_delivery(sum(len(replay.rows) for replay in played) + health)


def assert_rows(played: Sequence[Replay], rows_of: Callable[[Replay], Rows]) -> None:
    """Compare rows in the order of their sequence numbers with what was said: none more, none less, once each.

    The agent's report on the sensor itself, one row in the family health, takes a number too.
    """
    for replay in played:
        rows = [row for row in rows_of(replay) if not _is_report(row)]
        reports = [row for row in rows_of(replace(replay, family="health")) if _is_report(row)]
        assert sorted(row["seq"] for row in (*rows, *reports)) == list(range(len(replay.rows) + 1)), replay.sensor
        for row, expected in zip(rows, replay.rows, strict=True):
            assert {name: row[name] for name in expected} == pytest.approx(expected, abs=2e-4), replay.sensor


def _is_report(row: Mapping[str, Any]) -> bool:
    return row.get("rejected") is not None


def test_into_influxdb_1(tmp_path: Path, broker: Server, influx1: Server, played: list[Replay]) -> None:
    sensors = "".join(replay.plug(tmp_path) for replay in played)
    store = f'[store]\nkind = "influxdb1"\nurl = "{influx1.url}"\n'
    deliver(City(tmp_path / "city", broker.port, store, sensors), played)

    def rows_of(replay: Replay) -> Rows:
        own = influx.query(influx1, f"SELECT * FROM {replay.family} WHERE sensor = '{replay.sensor}'")
        return sorted(own, key=lambda row: int(row["seq"]))

    assert_rows(played, rows_of)


def test_into_the_embedded_store(tmp_path: Path, broker: Server, played: list[Replay]) -> None:
    sensors = "".join(replay.plug(tmp_path) for replay in played)
    file = tmp_path / "city.duckdb"
    deliver(City(tmp_path / "city", broker.port, f'[store]\nkind = "embedded"\npath = "{file}"\n', sensors), played)
    with ExitStack() as stack:
        db = duckdb.connect(str(file), read_only=True)
        stack.callback(db.close)

        def rows_of(replay: Replay) -> Rows:
            cursor = db.execute(f"SELECT * FROM {replay.family} WHERE sensor = ? ORDER BY seq", [replay.sensor])
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        assert_rows(played, rows_of)


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Server]:
    """VictoriaMetrics that keeps frames of one chunk, which share their millisecond, apart."""
    with servers.running(servers.victoria_metrics(tmp_path / "victoria", deduplicate=False)) as server:
        yield server


def test_into_victoria_metrics(tmp_path: Path, broker: Server, victoria: Server, played: list[Replay]) -> None:
    sensors = "".join(replay.plug(tmp_path) for replay in played)
    store = f'[store]\nkind = "victoriametrics"\nurl = "{victoria.url}"\ndurable_after = 1\n'
    deliver(City(tmp_path / "city", broker.port, store, sensors), played)
    urllib.request.urlopen(f"{victoria.url}/internal/force_flush", timeout=10).close()
    for replay in played:
        said = _exported(victoria, f'{{__name__=~"{replay.family}_.*",sensor="{replay.sensor}"}}')
        for name in {name for row in replay.rows for name in row}:
            expected = [row[name] for row in replay.rows if name in row]
            assert said[f"{replay.family}_{name}"] == pytest.approx(expected, abs=2e-4), (replay.sensor, name)


def _exported(server: Server, match: str) -> dict[str, list[float]]:
    """Return each series' values in the order of their times."""
    asked = urllib.parse.urlencode({"match[]": match})
    with urllib.request.urlopen(f"{server.url}/api/v1/export?{asked}", timeout=10) as answer:
        series = [json.loads(line) for line in answer.read().splitlines()]
    return {one["metric"]["__name__"]: one["values"] for one in series}


def test_victoria_metrics_keeps_up_at_the_hubs_own_pace(tmp_path: Path, broker: Server, victoria: Server) -> None:
    """The hub holds each acknowledgement for 12 s there; an agent that makes a batch a second must not fall behind."""
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
            assert said["batches"]["resent"] == 0
            city.wait_for_delivery(40)
    finally:
        player.close()
