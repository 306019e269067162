"""Agent, link, broker, hub and store in one loop with a virtual clock: 200 seeds of faults, and that a seed is a world.

`python -m tests.simulated` plays more, replays one, and tries the broken variants.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulated import plan
from tests.simulated.loop import START, Deadlock, VirtualLoop
from tests.simulated.play import play

_ROOT = Path(__file__).parent.parent.parent
_AT_ONCE = 10
_SEEDS = range(0, 200, _AT_ONCE)


@pytest.mark.parametrize("first", _SEEDS)
def test_all_invariants_hold(first: int):
    played = [play(seed) for seed in range(first, first + _AT_ONCE)]
    assert [(one.seed, one.violation) for one in played if one.violation] == []
    assert all(one.account is not None and one.account.stored for one in played if one.account.emitted > 100)


def test_a_link_that_is_half_open_when_the_faults_end_is_noticed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(plan, "drawn", lambda _, seconds: [plan.Event(seconds - 1, "half-open", 1)])
    assert [played.violation for played in map(play, range(6)) if played.violation] == []


def test_what_a_damaged_spool_holds_comes_over_though_the_agent_is_killed_meanwhile(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        plan, "damages", lambda _, seconds: [plan.Event(seconds / 2, "spool damaged", n) for n in (1, 2)]
    )
    assert [played.violation for played in map(play, range(12)) if played.violation] == []


def test_the_same_seed_is_the_same_world():
    first, again, other = play(5), play(5), play(6)
    assert (first.digest, first.events, first.steps) == (again.digest, again.events, again.steps)
    assert first.digest != other.digest


def test_a_seed_is_the_same_world_in_every_process():
    """Names hash differently in each process; nothing may hang on that."""
    command = [sys.executable, "-m", "tests.simulated", "--seed", "5"]
    said = [
        subprocess.run(
            command, cwd=_ROOT, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert play(5).digest in said[0]
    assert said[0] == said[1]


def test_nothing_waits_in_a_virtual_loop():
    loop = VirtualLoop()
    loop.run_until_complete(asyncio.sleep(10**6))
    assert loop.time() == START + 10**6
    loop.close()


def test_a_world_that_stands_still_is_told():
    loop = VirtualLoop()
    waiting = loop.create_future()
    with pytest.raises(Deadlock):
        loop.run_until_complete(waiting)
    loop.close()
