"""The demo's other processes: the simulated city, and the agent that watches it, each as on a machine of its own."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

SITE, AGENT = "simpang-empat", "se-1"
_READY_SECONDS = 60.0
_CITY_FAREWELL = 2.0
_PR_SET_PDEATHSIG = 1


class DemoFailed(Exception):
    """A process of the demo did not do its part; the text tells where its words are."""


@contextlib.asynccontextmanager
async def process(*arguments: str, log: Path, farewell: float) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a Python module that ends with us; at the end ask it to stop, and after `farewell` seconds make it."""
    with log.open("wb") as words:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=words, stderr=words,
            start_new_session=True, preexec_fn=_die_with_parent,
        )  # fmt: skip
    try:
        yield running
    finally:
        await stop(running, farewell)


async def stop(running: asyncio.subprocess.Process, farewell: float) -> None:
    """Ask a process to stop and wait for it; make it stop when it takes too long."""
    if running.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        running.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(farewell):
            await running.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
        await running.wait()


@contextlib.asynccontextmanager
async def city(folder: Path, seed: int) -> AsyncIterator[dict[str, Any]]:
    """Run the simulated city and yield its description once its camera and sensors are there."""
    log = folder / "city.log"
    arguments = ("simulation.city", "--folder", str(folder), "--seed", str(seed))
    async with process(*arguments, log=log, farewell=_CITY_FAREWELL) as running:
        described = folder / "city.json"
        await _until(described.exists, running, log)
        yield read_json(described)


async def _until(ready: Callable[[], bool], running: asyncio.subprocess.Process, log: Path) -> None:
    """Wait until a process is ready; raises DemoFailed when it ends or takes too long."""
    for _ in range(int(_READY_SECONDS / 0.05)):
        if ready():
            return
        if running.returncode is not None:
            break
        await asyncio.sleep(0.05)
    raise DemoFailed(f"a process of the demo did not start; its words are in {log}")


def read_json(file: Path) -> dict[str, Any]:
    """Return what a status file says, nothing if it is not there yet."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def agent_settings(folder: Path, broker_port: int, described: dict[str, Any]) -> str:
    """Return the agent's settings file for the simulated city, as a technician would write it."""
    line = described["line"]
    serial = "\n".join(
        f'[[serial]]\nsensor = "{name}"\ndriver = "{described["protocols"][name]}"\nport = "{port}"\n'
        for name, port in described["ports"].items()
    )
    return f"""site = "{SITE}"
agent = "{AGENT}"

[broker]
host = "127.0.0.1"
port = {broker_port}

[spool]
path = "{folder}/spool.db"

[health]
every = 10

{serial}
[[camera]]
sensor = "cam-north"
url = "{described["camera"]}"

[[camera.line]]
name = "l1"
from = {line["from"]}
to = {line["to"]}
directions = {json.dumps(line["directions"])}
metres = {line["metres"]}
"""


def _die_with_parent() -> None:
    """Let the kernel end this child when its parent is killed, so that a killed demo leaves nothing behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
