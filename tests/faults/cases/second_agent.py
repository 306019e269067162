"""R08: a second agent is started on a spool that is in use."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults.bed import Setup, bed
from tests.faults.case import Case
from tests.faults.program import Program
from tests.faults.result import Result


def _second_agent(folder: Path, trials: int) -> Result:
    result = Result(trials=trials)
    with bed(folder, Setup()) as b:
        for turn in range(trials):
            second = Program(b.agent.arguments, folder / f"second-{turn}.log")
            second.start()
            assert second.running is not None
            code = second.running.wait(30)
            words = second.words().strip()
            result.demand(code != 0, "the second agent did not refuse")
            result.demand("is held by another running agent" in words, f"it does not say why: {words[-200:]}")
            result.notes = [
                f"refused in {time.monotonic() - second.started_at:.1f} s: “{words[words.find('is held') :]}”"
            ]
            b.run_for(1)
        b.drain()
        return b.judged(result)


CASES = (Case("R08", "a second agent on the same spool", _second_agent, 5),)
