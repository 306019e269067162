"""Each part is killed once in mid-run and started again: what the agent committed is in the database, once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support import influx
from tests.support.players import Player
from tests.support.rig import City, wait_until
from tests.support.servers import Server

FRAMES = 900
SECONDS = 0.03
BEFORE_KILL, DOWN = 3.0, 1.5


def frame(number: int) -> bytes:
    """Return an SDS011 frame whose PM2.5 is the number in tenths."""
    data = number.to_bytes(2, "little") + bytes((100, 0, 1, 2))
    return b"\xaa\xc0" + data + bytes((sum(data) % 256,)) + b"\xab"


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    """A dust sensor on a pseudo-terminal."""
    plugged = Player(tmp_path / "by-id" / "dust")
    yield plugged
    plugged.close()


def test_every_committed_reading_is_stored_once(
    tmp_path: Path, broker: Server, influx1: Server, player: Player
) -> None:
    port = tmp_path / "by-id" / "dust"
    sensors = f'[[serial]]\nsensor = "dust"\ndriver = "sds011"\nport = "{port}"\n'
    store = f'[store]\nkind = "influxdb1"\nurl = "{influx1.url}"\n'
    with City(tmp_path / "city", broker.port, store, sensors, extra_agent="[uplink]\nresend_seconds = 1\n") as city:
        city.wait_for_state("dust", "open", "live")
        player.play([frame(number) for number in range(1, FRAMES + 1)], seconds=SECONDS)
        for part in (influx1, broker, city.hub, city.agent):
            time.sleep(BEFORE_KILL)
            part.kill()
            time.sleep(DOWN)
            part.start()
        player.finish()
        wait_until(lambda: city.agent_says().get("waiting", {}).get("batches") == 0, "an empty spool")
    rows = sorted(influx.query(influx1, "SELECT pm2_5, seq FROM air WHERE sensor = 'dust'"), key=lambda row: row["seq"])
    reports = influx.query(influx1, "SELECT rejected, seq FROM health WHERE sensor = 'dust'")
    numbers = sorted(row["seq"] for row in (*rows, *reports))
    assert numbers == list(range(len(numbers))), "a committed reading is missing, or stored twice"
    values = [round(row["pm2_5"] * 10) for row in rows]
    assert values == sorted(set(values)), "a value is false, doubled or out of order"
    assert set(values) <= set(range(1, FRAMES + 1))
    holes = [(before, after) for before, after in pairwise(values) if after != before + 1]
    assert len(holes) <= 1, f"only the agent's own death may cost frames that nobody was there to hear: {holes}"
    assert values[0] == 1
    assert values[-1] == FRAMES
