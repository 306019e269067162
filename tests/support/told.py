"""A database that hub and broker have filled: with the scripted day, and with the word of a real agent that died."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telemetry.status import State
from tests.journeys.test_kills import frame
from tests.support import influx, panels, scripted_day, servers
from tests.support.players import Player
from tests.support.rig import AGENT, City, wait_until
from tests.support.scripted_agent import ScriptedAgent
from tests.support.servers import Server

CITY, PLACE, FLEET = "Simpang: Kota", "Simpang: Lokasi", "Simpang: Kesehatan"
"""How the names of the dashboards begin."""

EVERYTHING = {"site": ".*", "agent": ".*", "sensor": ".*", "quality": "0"}
JUNCTION = EVERYTHING | {"site": "simpang-lima"}


@dataclass
class Told:
    """A database, who spoke to it, and between which nanoseconds the test did."""

    influx: Server
    junction: ScriptedAgent
    school: ScriptedAgent
    began: int
    ended: int = 0

    def ask(self, board: str, panel: str, ref: str = "A", **values: str) -> list[dict[str, Any]]:
        """Return the rows that answer one query, their tags as columns."""
        text = panels.query_of(JUNCTION | values, board, panel, ref)
        return [dict(row) for row in influx.query(self.influx, text)]

    def online(self, agent: str) -> dict[str, Any]:
        """Return the city's row on whether an agent is there, empty before the first."""
        return next((row for row in self.ask(CITY, "Keadaan agen") if row["agent"] == agent), {})


@contextlib.contextmanager
def filled(folder: Path) -> Iterator[Told]:
    """Run all that it takes in a folder; the hub has ended, the database still answers."""
    now = time.time_ns()
    speakers = scripted_day.junction(now // 10**6), scripted_day.school(now // 10**6)
    with (
        contextlib.closing(Player(folder / "by-id" / "dust")) as player,
        servers.running(servers.mosquitto(folder / "mosquitto")) as broker,
        servers.running(servers.influxdb1(folder / "influxdb")) as database,
    ):
        influx.create_database(database)
        sensor = f'[[serial]]\nsensor = "dust"\ndriver = "sds011"\nport = "{folder}/by-id/dust"\n'
        store = f'[store]\nkind = "influxdb1"\nurl = "{database.url}"\n'
        told = Told(database, *speakers, began=now)
        with City(folder / "city", broker.port, store, sensor, health_seconds=1) as city:
            _fill(told, city, player, broker)
        told.ended = time.time_ns()
        yield told


def _fill(told: Told, city: City, player: Player, broker: Server) -> None:
    wait_until(lambda: city.hub_says().get("online"), "the hub")
    for speaker, state in ((told.junction, State.ONLINE), (told.school, State.LOST)):
        asyncio.run(speaker.deliver(broker, state))
    city.wait_for_state("dust", "open", "live")
    player.play([frame(number) for number in range(1, 6)], seconds=0.01)
    player.finish()
    heard = f"SELECT pm2_5 FROM air WHERE agent = '{AGENT}'"
    wait_until(lambda: len(influx.query(told.influx, heard)) == 5, "the dust")
    wait_until(lambda: told.online(AGENT).get("online") == 1, "the hub's word that the agent is there")
    city.agent.kill()
    wait_until(lambda: told.online(AGENT).get("online") == 0, "the broker's word that the agent is gone")
    wait_until(lambda: told.online("se-5") and told.online("sd-3"), "the hub's word about the others")
