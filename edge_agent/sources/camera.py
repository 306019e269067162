"""A camera: its process watches the stream and counts, and says on a pipe what it saw; no picture reaches the agent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import sys
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Self

from edge_agent.errors import SourceLost
from edge_agent.sources.source import Vitals
from edge_agent.taken import Taken, from_json
from service.progress import Progress
from telemetry.errors import BadReading

if TYPE_CHECKING:  # what checks settings is not loaded where they are used: see lean.py
    from edge_agent.config import Camera as CameraSettings

_SILENCE = 10.0
"""Seconds without a word after which the process counts as hung: it beats once a second unless its decoder hangs."""

_FAREWELL = 2.0
_LONGEST_LINE = 64 * 1024
_PROGRAM = "edge_agent.vision.process"


class Camera:
    """Source: starts the camera's process, passes its measurements on, kills it when it hangs."""

    def __init__(self, settings: CameraSettings, progress: Progress) -> None:
        """Take the settings; nothing is started yet."""
        self._settings = settings
        self._progress = progress
        self._process: asyncio.subprocess.Process | None = None
        self.vitals = Vitals(settings.sensor, tells_state=True)

    async def __aenter__(self) -> Self:
        """Start the process and hand it the settings on its standard input, where no other process can read them."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _PROGRAM,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LONGEST_LINE,
            env=os.environ | _environment(self._settings.read_timeout),
        )  # fmt: skip
        stdin = self._process.stdin
        if stdin is not None:
            stdin.write(json.dumps(_said(self._settings)).encode() + b"\n")
        return self

    async def __aexit__(self, *exception: object) -> None:
        """End the process, kindly first."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_FAREWELL):
                await process.communicate()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def end(self) -> None:
        """Ask the process to flush its interval and finish."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def readings(self) -> AsyncGenerator[Taken, None]:
        """Yield what the process measures; raises SourceLost when it hangs, dies or talks nonsense."""
        while (line := await self._next_line()) is not None:
            self._progress.turn(self.vitals.sensor)
            taken = self._understood(line)
            if taken is not None:
                yield taken

    async def _next_line(self) -> bytes | None:
        """Return the next line, None when the process has ended as it should."""
        process = self._process
        if process is None or process.stdout is None:
            raise SourceLost("the camera's process is not running")
        try:
            async with asyncio.timeout(_SILENCE):
                if line := await process.stdout.readline():
                    return line
                code = await process.wait()
        except TimeoutError as error:
            raise SourceLost(f"the camera's process said nothing for {_SILENCE:.0f} s and is restarted") from error
        except ValueError as error:
            raise SourceLost(f"the camera's process said a line of over {_LONGEST_LINE} bytes") from error
        if code != 0:
            raise SourceLost(f"the camera's process ended with code {code}; its last words are in the log")
        return None

    def _understood(self, line: bytes) -> Taken | None:
        try:
            said = json.loads(line)
            match said["kind"]:
                case "measurement":
                    return Taken(self.vitals.sensor, from_json(said), _time(said["at"]))
                case "beat":
                    self._beat(said)
                case "state":
                    self._state(said)
        except (ValueError, KeyError, TypeError, BadReading) as error:
            raise SourceLost(f"the camera's process talks nonsense: {type(error).__name__}: {error}") from error
        return None

    def _beat(self, said: dict[str, Any]) -> None:
        self.vitals.frames = int(said["frames"])
        if said.get("frame_age") is not None and self.vitals.frames:
            self.vitals.last_frame = time.monotonic() - float(said["frame_age"])

    def _state(self, said: dict[str, Any]) -> None:
        self.vitals.state, self.vitals.why = str(said["state"]), str(said.get("why", ""))


def _said(settings: CameraSettings) -> dict[str, Any]:
    """Return the settings as the process takes them."""
    lines = [
        {
            "name": line.name,
            "from": line.start,
            "to": line.end,
            "directions": line.directions,
            "metres": line.metres,
        }
        for line in settings.lines
    ]
    keys = ("sensor", "url", "fps", "realtime", "loop", "open_timeout", "read_timeout", "mask", "interval")
    return {key: getattr(settings, key) for key in keys} | {"lines": lines}


def _environment(read_timeout: float) -> dict[str, str]:
    """Return what OpenCV asks for once and for ever: how long a device may keep it waiting, in whole seconds."""
    return {"OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": str(math.ceil(read_timeout)), "OPENCV_LOG_LEVEL": "ERROR"}


def _time(at: Any) -> int:
    """Return a time that the process gave, on the monotonic clock that it shares with the agent; raises ValueError."""
    if not 0 <= int(at) <= time.monotonic_ns():
        raise ValueError(f"{at} is not a time that has been")
    return int(at)
