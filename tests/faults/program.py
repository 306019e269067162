"""A Simpang program as a process, with an environment and a command around it where a case needs that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.support.rig import Process

ROOT = Path(__file__).parents[2]


@dataclass
class Program(Process):
    """A process of the rig that can also be paused, wrapped and measured."""

    environment: dict[str, str] = field(default_factory=dict)
    around: Sequence[str] = ()
    started_at: float = 0.0
    peak_rss: int = 0

    def start(self) -> None:
        """Start it; `started_at` is the monotonic time of that."""
        self.started_at = time.monotonic()
        command = [*self.around, sys.executable, "-m", *self.arguments]
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | self.environment
            )

    def pause(self) -> None:
        """Freeze it."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self.running is not None
        self.running.send_signal(number)

    def rss(self) -> int:
        """Return its resident bytes now, and remember the most."""
        if self.running is None or self.running.poll() is not None:
            return 0
        try:
            now = int(psutil.Process(self.running.pid).memory_info().rss)
        except psutil.Error:
            return 0
        self.peak_rss = max(self.peak_rss, now)
        return now
