"""R35: faults of all kinds drawn at random, one after another and together, from a seed that is printed."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.faults.bed import Bed, Setup, bed
from tests.faults.case import Case
from tests.faults.result import Result

_SEED = 20_261_126
_EVERY = (0.5, 4.0)


def _agent_killed(b: Bed, _: random.Random) -> None:
    with b.station.death():
        b.agent.kill()
    b.agent.start()


def _hub_killed(b: Bed, _: random.Random) -> None:
    b.hub.kill()
    b.hub.start()


def _broker_killed(b: Bed, chance: random.Random) -> None:
    b.broker.kill()
    b.run_for(chance.uniform(0, 3))
    b.broker.start()


def _database_killed(b: Bed, chance: random.Random) -> None:
    b.influx.kill()
    b.run_for(chance.uniform(0, 5))
    b.influx.start()


def _database_frozen(b: Bed, chance: random.Random) -> None:
    assert b.influx.process is not None
    b.influx.process.send_signal(signal.SIGSTOP)
    b.run_for(chance.uniform(1, 8))
    b.influx.process.send_signal(signal.SIGCONT)


def _hub_frozen(b: Bed, chance: random.Random) -> None:
    b.hub.pause()
    b.run_for(chance.uniform(1, 8))
    b.hub.go_on()


def _link_cut(b: Bed, chance: random.Random) -> None:
    b.proxy[chance.choice(sorted(b.proxy))].cut()


def _link_frozen(b: Bed, chance: random.Random) -> None:
    link = b.proxy[chance.choice(sorted(b.proxy))]
    link.link.frozen = True
    b.run_for(chance.uniform(1, 8))
    link.link.frozen = False


def _link_slow(b: Bed, chance: random.Random) -> None:
    link = b.proxy[chance.choice(sorted(b.proxy))].link
    link.delay = chance.choice((0.0, 0.2, 1.0))


def _answers_lost(b: Bed, chance: random.Random) -> None:
    b.proxy["store"].link.swallow_down = True
    b.run_for(chance.uniform(1, 4))
    b.proxy["store"].link.swallow_down = False


def _replugged(b: Bed, chance: random.Random) -> None:
    sensor = chance.choice(b.station.sensors)
    b.station.unplug(sensor)
    b.run_for(chance.uniform(0, 2))
    b.station.plug_in(sensor)


_FAULTS: tuple[Callable[[Bed, random.Random], None], ...] = (
    _agent_killed, _hub_killed, _broker_killed, _database_killed, _database_frozen, _hub_frozen, _link_cut,
    _link_frozen, _link_slow, _answers_lost, _replugged,
)  # fmt: skip


def _random(folder: Path, trials: int) -> Result:
    chance, done = random.Random(_SEED), Counter[str]()
    with bed(folder, Setup(proxies=frozenset({"agent", "hub", "store"}))) as b:
        for _ in range(trials):
            b.run_for(chance.uniform(*_EVERY))
            fault = chance.choice(_FAULTS)
            done[fault.__name__.strip("_")] += 1
            fault(b, chance)
        for proxy in b.proxy.values():
            proxy.link.delay = 0.0
        b.wait(b.station.all_listened, "an agent that listens to all")
        b.run_for(2)
        b.drain(240)
        result = b.judged(Result(trials=trials))
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(done.items()))
    result.notes.append(f"seed {_SEED}: {told}")
    return result


CASES = (Case("R35", "random faults of all kinds", _random, 50),)
