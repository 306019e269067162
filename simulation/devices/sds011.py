"""SDS011 dust sensor: a 10-byte frame each second, 19-byte commands (maker's control protocol v1.3)."""

from __future__ import annotations

from simulation.devices.device import Beat, Commands, Frame
from simulation.devices.wander import Wander

_REPORTING, _QUERY, _SLEEPING = 2, 4, 6
_IDENTITY = b"\xa1\x60"


class Sds011:
    """Reports PM2.5 and PM10 in tenths of a µg/m³; knows query mode and sleep."""

    def __init__(self, seed: int = 0, *, fine: Wander | None = None, coarse: Wander | None = None) -> None:
        """Let PM2.5 wander as `fine` does, and what PM10 has above it as `coarse` does, in µg/m³."""
        self._fine = fine or Wander(f"{seed}/fine", low=12.0, high=75.0)
        self._coarse = coarse or Wander(f"{seed}/coarse", low=5.0, high=45.0)
        self._beat = Beat(1.0)
        self._commands = Commands(b"\xaa\xb4", 19, right=_right)
        self._asleep = False
        self._asked_only = False

    @property
    def due(self) -> float:
        """When the next frame is due."""
        return self._beat.due

    def speak(self, now: float) -> tuple[Frame, ...]:
        """Return the second's frame."""
        self._beat.next(now)
        return (self._report(now),)

    def hear(self, data: bytes, now: float) -> tuple[Frame, ...]:
        """Obey whole commands with a right checksum; a sleeping sensor obeys none but the one that wakes it."""
        answers: list[Frame] = []
        for command in self._commands.feed(data):
            answers += self._obey(command, now)
        return tuple(answers)

    def _obey(self, command: bytes, now: float) -> list[Frame]:
        action, setting, value = command[2], command[3] == 1, command[4]
        wakes = action == _SLEEPING and setting and value == 1
        if self._asleep and not wakes:
            return []
        if action == _QUERY:
            return [self._report(now)]
        if setting and action == _SLEEPING:
            self._asleep = value == 0
        if setting and action == _REPORTING:
            self._asked_only = value == 1
        self._beat.keep(not (self._asleep or self._asked_only), now=now)
        return [Frame(_framed(0xC5, bytes((action, command[3], value, 0))))]

    def _report(self, now: float) -> Frame:
        fine = round(self._fine.at(now) * 10)
        coarse = fine + round(self._coarse.at(now) * 10)
        payload = fine.to_bytes(2, "little") + coarse.to_bytes(2, "little")
        return Frame(_framed(0xC0, payload), {"pm2_5": fine / 10, "pm10": coarse / 10})


def _right(command: bytes) -> bool:
    return command[18] == 0xAB and command[17] == sum(command[2:17]) & 0xFF


def _framed(kind: int, payload: bytes) -> bytes:
    body = payload + _IDENTITY
    return b"\xaa" + bytes((kind,)) + body + bytes((sum(body) & 0xFF, 0xAB))
