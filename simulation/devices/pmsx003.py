"""Plantower PMS5003 and its sisters: a 32-byte frame every 2.3 s, 7-byte commands (maker's manual, appendix I)."""

from __future__ import annotations

from simulation.devices.device import Beat, Commands, Frame
from simulation.devices.wander import Wander

_MODE, _READ, _SLEEP = 0xE1, 0xE2, 0xE4
_STABLE = 2.3
"""Seconds between frames while the air changes little."""


class Pmsx003:
    """Reports PM1, PM2.5 and PM10 in whole µg/m³; knows passive mode and sleep."""

    def __init__(self, seed: int = 0, *, fine: Wander | None = None) -> None:
        """Let PM2.5 wander as `fine` does, in µg/m³."""
        self._fine = fine or Wander(f"{seed}/fine", low=10.0, high=90.0)
        self._beat = Beat(_STABLE)
        self._commands = Commands(b"\x42\x4d", 7, right=_right)
        self._asleep = False
        self._passive = False

    @property
    def due(self) -> float:
        """When the next frame is due."""
        return self._beat.due

    def speak(self, now: float) -> tuple[Frame, ...]:
        """Return the frame that is due."""
        self._beat.next(now)
        return (self._report(now),)

    def hear(self, data: bytes, now: float) -> tuple[Frame, ...]:
        """Obey whole commands with a right checksum; asleep, only the one that wakes."""
        answers: list[Frame] = []
        for command in self._commands.feed(data):
            answers += self._obey(command[2], command[4], now)
        return tuple(answers)

    def _obey(self, action: int, value: int, now: float) -> list[Frame]:
        if self._asleep and (action, value) != (_SLEEP, 1):
            return []
        if action == _READ:
            return [self._report(now)] if self._passive else []
        woken = action == _SLEEP and value == 1
        if action == _SLEEP:
            self._asleep = value == 0
        if action == _MODE:
            self._passive = value == 0
        self._beat.keep(not (self._asleep or self._passive), now=now)
        return [] if woken else [Frame(_summed(b"\x42\x4d\x00\x04" + bytes((action, value))))]

    def _report(self, now: float) -> Frame:
        fine = round(self._fine.at(now))
        small, coarse = round(fine * 0.68), round(fine * 1.22)
        factory = [round(value * 1.2) for value in (small, fine, coarse)]
        counts = [fine * 155, fine * 45, fine * 8, fine // 2, fine // 8, fine // 20]
        words = [28, *factory, small, fine, coarse, *counts, 0x9700]
        raw = b"\x42\x4d" + b"".join(word.to_bytes(2, "big") for word in words)
        return Frame(_summed(raw), {"pm1": small, "pm2_5": fine, "pm10": coarse})


def _right(command: bytes) -> bool:
    return command == _summed(command[:5])


def _summed(body: bytes) -> bytes:
    return body + (sum(body) & 0xFFFF).to_bytes(2, "big")
