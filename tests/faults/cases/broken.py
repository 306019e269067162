"""The harness proves itself: five broken variants of the product, each of which a case must catch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.faults.bed import ACK, Bed, Setup, bed
from tests.faults.case import Case, Run
from tests.faults.cases import doubles
from tests.faults.program import Program
from tests.faults.result import Result

Fault = Callable[[Bed], object]


def _answers_lost(b: Bed) -> None:
    b.proxy["store"].link.swallow_down = True
    b.run_for(4)
    b.proxy["store"].link.swallow_down = False


def _database_goes(b: Bed) -> None:
    b.influx.kill()
    b.run_for(4)
    b.influx.start()


def _second_agent(b: Bed) -> None:
    second = Program(b.agent.arguments, b.folder / "second.log")
    second.start()
    b.run_for(4)
    if second.running is not None and second.running.poll() is None:
        b.wrong = "a second agent runs on the same spool"
    second.kill()


def _caught(setup: Setup, fault: Fault) -> Run:
    """Return a case that fails where nothing is violated."""

    def run(folder: Path, trials: int) -> Result:
        with bed(folder, setup) as b:
            for _ in range(trials):
                b.run_for(2)
                fault(b)
            b.wait(lambda: b.ear.heard[ACK], "an acknowledgement")
            b.run_for(6)
            b.station.hush()
            b.run_for(8)
            broken = b.judged(Result(trials=trials))
        seen = [*broken.violations, b.wrong] if b.wrong else broken.violations
        result = Result(broken.counts, trials, notes=[f"caught: {'; '.join(seen)[:160]}"] if seen else [])
        result.demand(seen, "the broken variant slipped through")
        return result

    return run


_VARIANTS = (
    ("hub acknowledges before it writes", Setup(broken_hub="ack_before_write"), _database_goes),
    ("hub takes any answer of the database for a yes", Setup(broken_hub="drop_on_refusal"), _database_goes),
    (
        "agent takes the broker's PUBACK for the hub's word",
        Setup(broken_agent="trust_puback"),
        doubles.broker_while_hub_is_away,
    ),
    (
        "agent stamps readings again when it sends them again",
        Setup(broken_agent="stamp_again", proxies=frozenset({"store"}), resend_seconds=1),
        _answers_lost,
    ),
    ("a second agent may have the spool", Setup(broken_agent="no_lock"), _second_agent),
)

CASES = tuple(
    Case(f"broken-{number}", title, _caught(setup, fault), 2, is_variant=True)
    for number, (title, setup, fault) in enumerate(_VARIANTS, start=1)
)
