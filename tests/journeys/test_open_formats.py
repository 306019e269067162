"""The system is no prison: other people's tools understand a batch as it is."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.test_kills import frame
from tests.support import influx
from tests.support.players import Player
from tests.support.rig import City
from tests.support.servers import Server, found


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    """A dust sensor on a pseudo-terminal."""
    plugged = Player(tmp_path / "by-id" / "dust")
    yield plugged
    plugged.close()


def heard_batch(tmp_path: Path, broker: Server, player: Player) -> bytes:
    """Return the first batch with a dust reading that `mosquitto_sub` prints, compression off."""
    subscriber = subprocess.Popen(
        [found("mosquitto_sub"), "-p", str(broker.port), "-t", "simpang/v1/+/+/up/readings", "-W", "30"],
        stdout=subprocess.PIPE,
    )
    sensors = f'[[serial]]\nsensor = "dust"\ndriver = "sds011"\nport = "{tmp_path}/by-id/dust"\n'
    city = City(
        tmp_path / "city", broker.port, f'[store]\nkind = "embedded"\npath = "{tmp_path}/city.duckdb"\n', sensors,
        extra_agent="[uplink]\ncompress = false\n",
    )  # fmt: skip
    try:
        with city:
            city.wait_for_state("dust", "open", "live")
            player.play([frame(number) for number in range(1, 21)], seconds=0.01)
            city.wait_for_delivery(20 + 2)
    finally:
        subscriber.terminate()
        printed, _ = subscriber.communicate(timeout=10)
    return next(b"# simpang/1 " + part for part in printed.split(b"# simpang/1 ")[1:] if b"air,site" in part)


def test_mosquitto_sub_shows_it_and_influxdb_takes_it(
    tmp_path: Path, broker: Server, influx1: Server, player: Player
) -> None:
    document = heard_batch(tmp_path, broker, player).rstrip(b"\n") + b"\n"
    assert b"air,site=simpang-empat,agent=se-1,sensor=dust pm2_5=" in document
    influx.create_database(influx1)
    influx.write(influx1, document)
    assert len(influx.query(influx1, "SELECT pm2_5 FROM air")) == document.count(b"air,site")
