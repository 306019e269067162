"""Every panel's query on an InfluxDB that the real path has filled: serial bytes and camera frames to series."""

from __future__ import annotations

import re
from pathlib import Path

from hub.grafana.queries import PanelQuery, all_queries
from tests.journeys.test_clips_as_cameras import table
from tests.support import influx
from tests.support.replays import Replay, replays
from tests.support.rig import City, wait_until
from tests.support.servers import Server

EVERYTHING = {"site": ".*", "agent": ".*", "sensor": ".*", "quality": "127", "__interval": "1s"}
NEEDS_MORE_THAN_A_MOMENT = ("Rata-rata 24 jam",)
CLIP = "tfl_a13_day_light"


def filled(tmp_path: Path, broker: Server, influx1: Server) -> None:
    """Run captures and a clip through agent, broker and hub."""
    played: list[Replay] = replays()
    sensors = "".join(replay.plug(tmp_path) for replay in played) + table(CLIP)
    store = f'[store]\nkind = "influxdb1"\nurl = "{influx1.url}"\n'
    with City(tmp_path / "city", broker.port, store, sensors, health_seconds=1) as city:
        for replay in played:
            city.wait_for_state(replay.sensor, "open", "live")
            replay.begin()
        city.wait_for_state(CLIP.replace("_", "-"), "ended")
        city.wait_for_delivery(sum(len(replay.rows) for replay in played))
        wait_until(lambda: influx.query(influx1, "SELECT online FROM health"), "the hub's word about the agent")
    for replay in played:
        assert replay.player is not None
        replay.player.close()


def known_fields(influx1: Server) -> dict[str, set[str]]:
    """Return the fields that each family has in the database."""
    families = [row["name"] for row in influx.query(influx1, "SHOW MEASUREMENTS")]
    return {
        family: {row["fieldKey"] for row in influx.query(influx1, f"SHOW FIELD KEYS FROM {family}")}
        for family in families
    }


def answerable(query: PanelQuery, fields: dict[str, set[str]]) -> bool:
    """Tell whether the database holds something that the query asks for."""
    if query.panel.startswith(NEEDS_MORE_THAN_A_MOMENT):
        return False
    if query.influxql.startswith("SHOW"):
        return True
    asked = set(re.findall(r'\("(\w+)"\)|"(\w+)" AS', query.influxql.split(" FROM ")[0]))
    wanted = {name for pair in asked for name in pair if name}
    families = set(re.findall(r'"(\w+)"', " ".join(re.findall(r"FROM ([^()]*?) WHERE", query.influxql))))
    return any(wanted & fields.get(family, set()) for family in families)


def test_every_query_is_understood_and_those_with_data_return_series(
    tmp_path: Path, broker: Server, influx1: Server
) -> None:
    filled(tmp_path, broker, influx1)
    fields = known_fields(influx1)
    assert {"air", "traffic", "scene", "health", "crossing"} <= set(fields)
    silent, answered = [], 0
    for query in all_queries(EVERYTHING):
        rows = influx.query(influx1, query.influxql)
        answered += bool(rows)
        if answerable(query, fields) and not rows:
            silent.append(f"{query.dashboard} | {query.panel} | {query.ref}: {query.influxql}")
    assert not silent, "\n".join(silent)
    assert answered > 60
