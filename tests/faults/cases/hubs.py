"""R18: two hubs on one broker and one database, each of them killed now and then."""

from __future__ import annotations

from pathlib import Path

from tests.faults.bed import Setup, bed, said
from tests.faults.case import Case
from tests.faults.result import Result


def _two_hubs(folder: Path, trials: int) -> Result:
    with bed(folder, Setup()) as b:
        second = b.made_hub("second")
        second.start()
        try:
            for turn in range(trials):
                b.run_for(b.random.uniform(1.0, 3.0))
                victim = (b.hub, second)[turn % 2]
                victim.kill()
                b.run_for(0.5)
                victim.start()
            b.run_for(3.0)
            b.drain()
            both = [_stored(b.hub_says()), _stored(said(folder / "second.json"))]
        finally:
            second.stop()
        result = b.judged(Result(trials=trials))
        result.demand(all(both), f"one hub stored nothing: {both}")
        result.notes.append(f"since their last start the hubs stored {both[0]} and {both[1]} readings")
        return result


def _stored(says: dict[str, object]) -> int:
    written = says.get("written")
    return int(written.get("stored", 0)) if isinstance(written, dict) else 0


CASES = (Case("R18", "two hubs at once, each killed in turn", _two_hubs, 6),)
