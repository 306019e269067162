"""Plays one seed from its beginning to its end, and says what came of it."""

from __future__ import annotations

import asyncio
import gc
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.simulated import patches, settings
from tests.simulated.ending import Account
from tests.simulated.ledger import Violation
from tests.simulated.loop import START, VirtualLoop
from tests.simulated.trace import Trace
from tests.simulated.world import World

_MEMORY = Path("/dev/shm")
_DIED = "died"


@dataclass(frozen=True)
class Played:
    """What came of a seed."""

    seed: int
    digest: str
    events: int
    steps: int
    virtual_seconds: float
    cpu_seconds: float
    violation: str = ""
    account: Account | None = None

    @property
    def invariant(self) -> str:
        return self.violation.partition(":")[0]

    @property
    def died(self) -> bool:
        """Whether code under test died of itself instead of violating an invariant."""
        return self.invariant == _DIED


Broken = Callable[[], AbstractContextManager[None]]
"""Breaks production code for as long as it lasts."""


def play(seed: int, *, broken: Broken = nullcontext, say: Callable[[str], None] | None = None) -> Played:
    """Play a seed."""
    gc.collect()  # the world before, which its cycles hold
    gc.freeze()  # so that collecting after each world is quick
    began = time.process_time()
    trace = Trace(say)
    drawn = settings.drawn(random.Random(f"{seed} settings"))
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        loop = VirtualLoop()
        place = _Place()
        with patches.installed(seed, place.connected, small=drawn.small, loud=say is not None), broken():
            try:
                violation, account = loop.run_until_complete(_live(seed, drawn, Path(folder), trace, place))
            finally:
                loop.close()
    gc.collect()  # what nobody finalised while the world ran
    return Played(
        seed, trace.digest(), trace.events, loop.steps, loop.time() - START, time.process_time() - began,
        violation, account,
    )  # fmt: skip


class _Place:
    """Where production code finds the broker, which is not there yet when it is patched."""

    world: World

    def connected(self, *args: object, **kwargs: object) -> object:
        return self.world.broker.connected(*args, **kwargs)


async def _live(
    seed: int, drawn: settings.Settings, folder: Path, trace: Trace, place: _Place
) -> tuple[str, Account | None]:
    place.world = world = World(seed, drawn, folder, trace)
    trace.note("SETTINGS", drawn)
    violation = ""
    try:
        await world.run()
    except Violation as error:
        violation = str(error)
    except Exception as error:  # noqa: BLE001 - production code that dies of itself is a finding like any other
        violation = f"{_DIED}: {type(error).__name__}: {error}"
    world.end()
    await _empty()
    trace.note("END", violation)
    return violation, world.account


async def _empty() -> None:
    """Wait until all that was killed has unwound."""
    for _ in range(50):
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if not rest:
            return
        for task in rest:
            task.cancel()
        await asyncio.sleep(0.5)
