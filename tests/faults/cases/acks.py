"""R13: the hub's word and the broker's are lost, doubled, delayed and put out of order on their way to the agent."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from tests.faults import mqtt_frames
from tests.faults.bed import Setup, bed
from tests.faults.case import Case
from tests.faults.ear import ACK
from tests.faults.mqtt_frames import PUBACK, Splitter
from tests.faults.proxy import Passing
from tests.faults.result import Result

_MOST_LATE = 5.0


class Mischief:
    """Edits what the broker says to one connection, packet by packet."""

    def __init__(self, chance: random.Random, done: dict[str, int]) -> None:
        self._splitter = Splitter()
        self._chance, self._done = chance, done

    def __call__(self, data: bytes) -> Iterable[Passing]:
        for raw in self._splitter.feed(data):
            said = mqtt_frames.published(raw)
            if said is not None and said.topic.endswith(ACK):
                yield from self._of_hub(raw, said.number)
            elif raw[0] == PUBACK:
                yield from self._of_broker(raw)
            else:
                yield Passing(raw)

    def _of_hub(self, raw: bytes, number: int) -> Iterable[Passing]:
        what = self._pick("lost", "doubled", "late", "whole")
        if what == "lost":
            return [Passing(back=mqtt_frames.puback(number))]
        if what == "late":
            return [Passing(raw, late=self._chance.uniform(0.5, _MOST_LATE))]
        return [Passing(raw)] * (2 if what == "doubled" else 1)

    def _of_broker(self, raw: bytes) -> Iterable[Passing]:
        what = self._pick("doubled PUBACK", "late PUBACK", "whole", "whole")
        late = self._chance.uniform(0.1, 1.0) if what == "late PUBACK" else 0.0
        return [Passing(raw, late=late)] * (2 if what == "doubled PUBACK" else 1)

    def _pick(self, *what: str) -> str:
        picked = self._chance.choice(what)
        self._done[picked] = self._done.get(picked, 0) + 1
        return picked


def _losing_pubacks(data: bytes) -> Iterable[Passing]:
    """Let nothing of a PUBACK through: whoever waits for one gives up and connects again."""
    if data[0] == PUBACK:
        return ()
    return (Passing(data),)


def _acks(folder: Path, trials: int) -> Result:
    done: dict[str, int] = {}
    with bed(folder, Setup(proxies=frozenset({"agent"}), resend_seconds=1)) as b:
        chance = random.Random(13)
        proxy = b.proxy["agent"]
        proxy.edit_down = lambda: Mischief(chance, done)
        proxy.cut()
        b.run_for(10.0 * trials)
        proxy.edit_down = lambda: _losing_pubacks
        proxy.cut()
        b.run_for(18.0 if trials > 1 else 4.0)
        proxy.edit_down = lambda: lambda data: (Passing(data),)
        proxy.cut()
        b.drain()
        result = b.judged(Result(trials=sum(count for what, count in done.items() if what != "whole")))
    told = ", ".join(f"{count} {what}" for what, count in sorted(done.items()) if what != "whole")
    result.notes.append(f"{told}, then all PUBACKs lost for a while")
    result.demand(all(done.get(what) for what in ("lost", "doubled", "late")), f"too little mischief: {done}")
    return result


CASES = (Case("R13", "the hub's and the broker's acks lost, doubled, late, out of order", _acks, 5, 1),)
