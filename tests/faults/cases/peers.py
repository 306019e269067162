"""The peers under the same faults, read by the same oracle; what they lose violates nothing of ours."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.peers import mosquitto_persistence
from tests.faults.case import Case
from tests.faults.cases.doubles import AWAY
from tests.faults.gate import Trouble
from tests.faults.peer_bed import PeerBed, peer_bed
from tests.faults.result import Result
from tests.support.rig import wait_until
from tests.support.servers import Server

Fault = Callable[[PeerBed], float]


@dataclass(frozen=True)
class Peer:
    """A way that others go."""

    name: str
    title: str
    module: str
    broker: str


_PEERS = (
    Peer("peer-i", "aiomqtt + influxdb-client batching", "bench.peers.aiomqtt_batching", "allow_anonymous true\n"),
    Peer(
        "peer-ii", "Mosquitto persistence as the only buffer", "bench.peers.mosquitto_persistence",
        mosquitto_persistence.BROKER,
    ),
)  # fmt: skip


def _publisher_killed(b: PeerBed) -> float:
    with b.station.death():
        b.publisher.kill()
    b.publisher.start()
    return b.recovered(b.publisher.started_at)


def _subscriber_killed(b: PeerBed) -> float:
    b.subscriber.kill()
    b.subscriber.start()
    return b.recovered(b.subscriber.started_at)


def _server_killed(server: Callable[[PeerBed], Server]) -> Fault:
    def fault(b: PeerBed) -> float:
        server(b).kill()
        begun = time.monotonic()
        server(b).start()
        return b.recovered(begun)

    return fault


def _database_down(b: PeerBed) -> float:
    b.influx.kill()
    time.sleep(60)
    begun = time.monotonic()
    b.influx.start()
    return b.recovered(begun)


def _database_frozen(b: PeerBed) -> float:
    assert b.influx.process is not None
    b.influx.process.send_signal(signal.SIGSTOP)
    time.sleep(35)
    b.influx.process.send_signal(signal.SIGCONT)
    return b.recovered(time.monotonic())


def _broker_killed_while_subscriber_is_away(b: PeerBed) -> float:
    b.subscriber.kill()
    time.sleep(AWAY)
    b.broker.kill()
    b.broker.start()
    b.subscriber.start()
    return b.recovered(b.subscriber.started_at)


def _subscriber_killed_while_database_is_down(b: PeerBed) -> float:
    b.influx.kill()
    time.sleep(AWAY)
    b.subscriber.kill()
    b.subscriber.start()
    begun = time.monotonic()
    b.influx.start()
    return b.recovered(begun)


def _answers(b: PeerBed) -> float:
    """Answer as in our own case: each trouble three times or for six seconds, and a recovery between."""
    for status in (500, 503, 0):
        _scripted(b, [Trouble(status)] * 3)
    _scripted(b, [Trouble(429, headers={"Retry-After": "5"})])
    for status in (401, 403, 404):
        b.gate.always = Trouble(status)
        time.sleep(6)
        b.gate.always = None
        slowest = b.recovered(time.monotonic())
    return slowest


def _scripted(b: PeerBed, troubles: list[Trouble]) -> None:
    b.gate.script.extend(troubles)
    wait_until(lambda: not b.gate.script, "writes that meet their trouble", 180)
    b.recovered(time.monotonic())


_FAULTS: tuple[tuple[str, str, Fault, int], ...] = (
    ("R01", "publisher kill -9", _publisher_killed, 3),
    ("R10", "broker kill -9", _server_killed(lambda b: b.broker), 5),
    ("R10+R17", "broker kill -9 while the subscriber is away", _broker_killed_while_subscriber_is_away, 3),
    ("R17+R19", "subscriber kill -9 while the database is down", _subscriber_killed_while_database_is_down, 3),
    ("R17", "subscriber kill -9", _subscriber_killed, 5),
    ("R19", "database down 60 s", _database_down, 1),
    ("R20", "database frozen 35 s", _database_frozen, 1),
    ("R21", "answers 500, 503, reset, 429, 401, 403, 404", _answers, 1),
    ("R24", "database kill -9 while written to", _server_killed(lambda b: b.influx), 3),
)


def _made(peer: Peer, name: str, title: str, fault: Fault, trials: int) -> Case:
    def run(folder: Path, trials: int) -> Result:
        with peer_bed(folder, peer.module, peer.broker) as b:
            recovery: list[float] = []
            for _ in range(trials):
                time.sleep(b.random.uniform(1, 6))
                recovery.append(fault(b))
            time.sleep(2)
            return b.judged(Result(trials=trials, recovery=recovery))

    return Case(f"{name}-{peer.name}", f"{peer.title}: {title}", run, trials, None, is_peer=True)


CASES = tuple(_made(peer, *fault) for peer in _PEERS for fault in _FAULTS)
