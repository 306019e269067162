"""Tells whether a Raspberry Pi's supply is too low right now, as its firmware reports it to the kernel.

Source: drivers/hwmon/raspberrypi-hwmon.c in Linux: `in0_lcrit_alarm` of the hwmon device `rpi_volt` is 1 under 4.63 V.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

_HWMON = Path("/sys/class/hwmon")
_PAUSE = 2.0
"""Seconds for which an answer is good: the firmware itself looks no oftener."""


class Supply:
    """The computer's own supply; on one that does not tell, it counts as sufficient."""

    def __init__(self, hwmon: Path = _HWMON, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Look once whether this computer tells."""
        self._monotonic = monotonic
        self._alarm = next(
            (found.parent / "in0_lcrit_alarm" for found in sorted(hwmon.glob("hwmon*/name")) if _is_pi(found)), None
        )
        self._asked = -_PAUSE
        self._low = False

    def is_low(self) -> bool:
        """Tell whether it is too low."""
        now = self._monotonic()
        if self._alarm is not None and now - self._asked >= _PAUSE:
            self._asked = now
            try:
                self._low = self._alarm.read_text(encoding="ascii").strip() == "1"
            except (OSError, ValueError):
                self._low = False
        return self._low


def _is_pi(name: Path) -> bool:
    try:
        return name.read_text(encoding="ascii").strip() == "rpi_volt"
    except (OSError, ValueError):
        return False
