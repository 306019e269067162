"""MH-Z19B carbon dioxide sensor: a 9-byte answer to each 9-byte question (maker's manual v1.6, page 7)."""

from __future__ import annotations

from math import inf

from simulation.devices.device import Commands, Frame
from simulation.devices.wander import Wander

_READ = 0x86
_REST = bytes((0x47, 0, 0, 0))
"""What follows the concentration: first an undocumented temperature in °C plus 40."""


class Mhz19b:
    """Answers with CO2 in ppm; garbage, wrong checksums and other commands are left unanswered."""

    def __init__(self, seed: int = 0, *, level: Wander | None = None) -> None:
        """Let CO2 wander as `level` does, in ppm."""
        self._level = level or Wander(f"{seed}/co2", low=410.0, high=780.0, period=300.0)
        self._commands = Commands(b"\xff\x01", 9, right=_right)

    @property
    def due(self) -> float:
        """Never: it speaks only when asked."""
        return inf

    def speak(self, now: float) -> tuple[Frame, ...]:  # noqa: ARG002  it has nothing to say by itself
        """Return nothing."""
        return ()

    def hear(self, data: bytes, now: float) -> tuple[Frame, ...]:
        """Answer each whole question."""
        questions = (command for command in self._commands.feed(data) if command[2] == _READ)
        return tuple(self._report(now) for _ in questions)

    def _report(self, now: float) -> Frame:
        level = round(self._level.at(now))
        raw = b"\xff\x86" + level.to_bytes(2, "big") + _REST
        return Frame(raw + bytes((_checksum(raw),)), {"co2": level})


def _right(command: bytes) -> bool:
    return command[8] == _checksum(command)


def _checksum(frame: bytes) -> int:
    return -sum(frame[1:8]) & 0xFF
