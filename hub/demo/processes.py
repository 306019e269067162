"""The demo's other processes: the simulated city, and the agent that watches it, each as on a machine of its own."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any, Self

from hub.demo.agent_settings import agent_settings
from hub.demo.farewell import AFTER_AGENT, AFTER_PROCESSES, Farewell

_READY_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1


class DemoFailed(Exception):
    """A process of the demo did not do its part; the text tells where its words are."""


class Processes:
    """City and agent; leaving ends both in time, and they end with us even if we are killed."""

    def __init__(self, folder: Path, farewell: Farewell) -> None:
        """Take the folder for files and logs; nothing runs yet."""
        self._folder = folder
        self._farewell = farewell
        self._city: Process | None = None
        self._agent: Process | None = None

    async def __aenter__(self) -> Self:
        """Start nothing."""
        return self

    async def __aexit__(self, *exception: object) -> None:
        """End what runs."""
        await self.end()

    async def city(self, seed: int, stop: asyncio.Event) -> dict[str, Any] | None:
        """Start the city; return its description once camera and sensors are there, None if told to stop before."""
        log = self._folder / "city.log"
        self._city = await started("simulation.city", "--folder", str(self._folder), "--seed", str(seed), log=log)
        described = self._folder / "city.json"
        for _ in range(int(_READY_SECONDS / 0.05)):
            if stop.is_set():
                return None
            if described.exists():
                return read_json(described)
            if self._city.returncode is not None:
                break
            await asyncio.sleep(0.05)
        raise DemoFailed(f"the simulated city did not start; its words are in {log}")

    async def agent(self, broker_port: int, described: dict[str, Any]) -> None:
        """Start the agent that watches the described city."""
        settings = self._folder / "agent.toml"
        settings.write_text(agent_settings(self._folder, broker_port, described), encoding="utf-8")
        options = ("--config", str(settings), "--status-file", str(self._folder / "agent.json"))
        self._agent = await started("edge_agent.cli", "run", *options, log=self._folder / "agent.log")

    def check(self) -> None:
        """Raise DemoFailed if one has ended by itself."""
        for name, process in (("agent", self._agent), ("city", self._city)):
            if process is not None and process.returncode is not None:
                raise DemoFailed(f"the {name} ended by itself; its words are in {self._folder / name}.log")

    @property
    def orderly(self) -> bool:
        """Whether the agent could say its last figures, or had none to say."""
        return self._agent is None or self._agent.returncode in (0, -signal.SIGTERM)

    async def end(self) -> None:
        """Ask the agent to stop while its sensors still speak, then the city; kill what takes too long."""
        for process, leaving in ((self._agent, AFTER_AGENT), (self._city, AFTER_PROCESSES)):
            if process is not None and process.returncode is None:
                process.terminate()
                await _gone(process, self._farewell.left(leaving=leaving))
        for process in (self._agent, self._city):
            if process is not None:
                await _killed(process, self._farewell.left(leaving=AFTER_PROCESSES))


async def started(*arguments: str, log: Path) -> Process:
    """Start a Python module that ends with us, in a process group of its own."""
    with log.open("wb") as words:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=words, stderr=words,
            start_new_session=True, preexec_fn=_die_with_parent,
        )  # fmt: skip


async def _gone(process: Process, seconds: float) -> None:
    """Wait until a process has ended or the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await process.wait()


async def _killed(process: Process, seconds: float) -> None:
    """Give a process the last of its time, then kill it and the processes it started."""
    await _gone(process, seconds)
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def read_json(file: Path) -> dict[str, Any]:
    """Return what a status file says, nothing if it is not there yet."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _die_with_parent() -> None:
    """Let the kernel end this child when its parent is killed, so that a killed demo leaves nothing behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
