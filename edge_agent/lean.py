"""Runs the agent without what checked its settings: pydantic, typer and rich take a third of the memory of a small one.

`simpang-agent run` checks the settings, puts them into a file in memory, and becomes this program, which takes them
from there. It is the same process: its number, its open files and the watchdog of systemd stay.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

from edge_agent.agent import Agent
from edge_agent.errors import AgentError
from service import log
from service.reach import Reach
from service.stopping import stop_event

if TYPE_CHECKING:
    from edge_agent.config import AgentSettings
    from service.settings import Section

_FAILED = 1


@dataclass(frozen=True, slots=True)
class Order:
    """What to run."""

    settings: AgentSettings
    status_file: Path | None = None
    seconds: float | None = None
    """After which to end by itself."""
    verbose: bool = False


def become(order: Order) -> NoReturn:
    """Replace this process by one that runs the agent and has loaded nothing else."""
    told = os.memfd_create("simpang-settings", 0)
    plain = (_plain(order.settings), order.status_file, order.seconds, order.verbose)
    with os.fdopen(os.dup(told), "wb") as opened:
        pickle.dump(plain, opened)
    os.lseek(told, 0, os.SEEK_SET)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", __name__, str(told)])  # noqa: S606  ourselves, no shell


def _plain(section: Section) -> Any:
    """Return a table of settings as an object of the same attributes and methods, without what checked it."""
    plain = Reach() if isinstance(section, Reach) else SimpleNamespace()
    plain.__dict__.update({name: _value(value) for name, value in section})
    return plain


def _value(value: Any) -> Any:
    if hasattr(value, "model_fields"):
        return _plain(value)
    return [_value(each) for each in value] if isinstance(value, list) else value


def _order(descriptor: int) -> Order:
    """Take an order from a file that nobody but this process can have open."""
    with os.fdopen(descriptor, "rb") as opened:
        return Order(*pickle.load(opened))  # noqa: S301  written by this process a moment ago


def run(order: Order) -> int:
    """Run the agent to its end; return the exit code."""
    log.set_up(verbose=order.verbose)

    async def serve() -> None:
        await Agent(order.settings, status_file=order.status_file).run(stop_event(order.seconds))

    code = 0
    try:
        asyncio.run(serve())
    except* AgentError as errors:
        print("\n".join(str(error) for error in errors.exceptions), file=sys.stderr)  # noqa: T201  the last word
        code = _FAILED
    return code


if __name__ == "__main__":
    sys.exit(run(_order(int(sys.argv[1]))))
