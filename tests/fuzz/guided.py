"""One surface under the coverage-guided fuzzer: `python -m tests.fuzz.guided SURFACE FOLDER CPU-SECONDS`.

In a process of its own, for atheris can be set up once in one, and an input may end it.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path

import atheris

from tests.fuzz.findings import CRASHES, Findings

ROOMS = ["telemetry", "drivers", "service", "edge_agent", "hub", "tomllib"]
_MOST_MEGABYTES = 4096
"""Of the whole process, whose heap is torn by millions of inputs."""
_MOST_SECONDS = 60

with atheris.instrument_imports(include=ROOMS):
    from tests.fuzz.surface import Surface
    from tests.fuzz.surfaces import SURFACES


class Run:
    """Feeds a surface until its CPU time is up, and then ends the process."""

    def __init__(self, surface: Surface, folder: Path, seconds: float) -> None:
        """Start the clock."""
        self._surface = surface
        self._findings = Findings(folder)
        self._seconds = seconds
        self._parent = os.getppid()
        self._started = time.process_time()
        self._written = self._started

    def try_one(self, data: bytes) -> None:
        """Check one input; a failure is kept and the run goes on."""
        try:
            taken = self._surface.check(data)
            self._findings.took(data, taken * 1000 / self._surface.kibibytes(data))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            self._findings.failed(data, error)
        self._findings.executions += 1
        self._look_at_the_clock()

    def _look_at_the_clock(self) -> None:
        now = time.process_time()
        over = now - self._started >= self._seconds
        if over or now - self._written >= 1:
            self._written = now
            self._findings.write({"seconds": now - self._started, "is_done": over})
        if over or os.getppid() != self._parent:
            sys.stdout.flush()
            os._exit(0)  # libFuzzer has no end that leaves a report


def main(name: str, folder: str, seconds: str) -> None:
    """Set the fuzzer up and let it go."""
    logging.disable()
    surface = SURFACES[name]
    run = Run(surface, Path(folder), float(seconds))
    flags = [
        f"-max_len={surface.longest}",
        f"-rss_limit_mb={_MOST_MEGABYTES}",
        f"-timeout={_MOST_SECONDS}",
        f"-artifact_prefix={folder}/{CRASHES}/",
        f"-dict={folder}/words",
    ]
    atheris.Setup([sys.argv[0], *flags, f"{folder}/corpus"], run.try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
