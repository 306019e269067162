"""Plays captured bytes into an agent's serial ports, at a cadence or as answers to its questions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from simulation.sensors import Terminal


class Player:
    """One pseudo-terminal behind a symlink; `play` and `answer` speak in a thread of their own."""

    def __init__(self, link: Path) -> None:
        link.parent.mkdir(parents=True, exist_ok=True)
        self._terminal = Terminal(link)
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()

    def play(self, frames: Sequence[bytes], *, seconds: float) -> None:
        """Say frames so many seconds apart; one that finds no room is said again."""

        def speak() -> None:
            for frame in frames:
                while not self._terminal.send(frame) and not self._ended.is_set():
                    time.sleep(0.01)
                if self._ended.wait(seconds):
                    return

        self._start(speak)

    def answer(self, request: bytes, answers: Sequence[bytes]) -> None:
        """Say one answer to each request, in order."""

        def speak() -> None:
            heard = b""
            for frame in answers:
                while request not in heard:
                    if self._ended.wait(0.01):
                        return
                    heard += self._terminal.heard()
                heard = heard.partition(request)[2]
                self._terminal.send(frame)

        self._start(speak)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="player")
        self._threads.append(thread)
        thread.start()

    def finish(self) -> None:
        """Wait until all is said."""
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a capture was not said to its end"

    def close(self) -> None:
        """Unplug."""
        self._ended.set()
        for thread in self._threads:
            thread.join(10)
        self._terminal.close()
