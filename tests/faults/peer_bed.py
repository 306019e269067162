"""The same sensors, broker, database and oracle, with a peer's scripts in the place of agent and hub."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.faults import found as finding
from tests.faults.bed import ended
from tests.faults.found import Found
from tests.faults.gate import Gate
from tests.faults.oracle import judge
from tests.faults.program import Program
from tests.faults.result import Result
from tests.faults.station import Station
from tests.support import influx, servers
from tests.support.rig import wait_until

_SETTLE_SECONDS = 20.0
"""Longer than the peer's slowest flush."""

_LONGEST_SETTLE = 180.0


class PeerBed:
    """A publisher and a subscriber between the station and the database."""

    def __init__(self, folder: Path, module: str, broker: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.broker = servers.mosquitto(folder / "mosquitto", extra=broker.format(folder=folder))
        self.influx = servers.influxdb1(folder / "influxdb")
        self.gate = Gate(self.influx.port)
        self.station = Station(folder / "by-id")
        self.random = random.Random(20_261_126)
        where = ["--broker", str(self.broker.port)]
        ports = [str(port) for port in self.station.ports.values()]
        self.publisher = Program(["bench.peers.publisher", *where, *ports], folder / "publisher.log")
        self.subscriber = Program([module, *where, "--url", self.gate.url], folder / "subscriber.log")

    def rows(self) -> int:
        """Return how many rows the database has."""
        found = influx.query(self.influx, "SELECT count(pm2_5) FROM air")
        return int(found[0]["count"]) if found else 0

    def recovered(self, at: float) -> float:
        """Return how long after a time new rows came."""
        before = self.rows()
        wait_until(lambda: self.rows() > before, "new rows", _LONGEST_SETTLE)
        return time.monotonic() - at

    def settle(self) -> None:
        """Let the sensors be silent and wait until no more rows come."""
        self.station.hush()
        deadline, last, since = time.monotonic() + _LONGEST_SETTLE, -1, 0.0
        while time.monotonic() < deadline:
            now = self.rows()
            last, since = (now, since) if now == last else (now, time.monotonic())
            if time.monotonic() - since > _SETTLE_SECONDS:
                return
            time.sleep(0.5)

    def judged(self, result: Result) -> Result:
        """End everything kindly, so that what is in memory may be flushed, and have the oracle judge."""
        self.settle()
        self.publisher.kill()
        self.subscriber.stop()
        found = Found(has_seqs=False)
        finding.in_database(found, self.influx)
        judge(result, self.station.ledger, found)
        return result


@contextmanager
def peer_bed(folder: Path, module: str, broker: str) -> Iterator[PeerBed]:
    """Yield a running peer, through which readings already go."""
    bed = PeerBed(folder, module, broker)
    with ExitStack() as stack:
        stack.callback(bed.station.close)
        for server in (bed.broker, bed.influx):
            stack.callback(ended, server)
            server.start()
        influx.create_database(bed.influx)
        stack.enter_context(bed.gate)
        stack.callback(ended, bed.subscriber)
        bed.subscriber.start()
        wait_until(lambda: "subscribed" in bed.subscriber.words(), "a subscription, before anything is published")
        stack.callback(ended, bed.publisher)
        bed.publisher.start()
        bed.station.start()
        wait_until(bed.station.all_listened, "a publisher that listens")
        wait_until(bed.rows, "a first row")
        yield bed
