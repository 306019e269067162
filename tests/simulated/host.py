"""A computer of the simulated world: its clocks, its disk and its side of the network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from edge_agent.clock import Stamp
from telemetry.quality import Quality
from tests.simulated.disk import Disk

TRUE_START_NS = 1_780_000_000 * 10**9 + 123_456_789
"""The true wall clock, nanoseconds since 1970, when the loop's clock would say 0."""


def true_ns(at: float) -> int:
    """Return the true wall clock at a time of the loop."""
    return TRUE_START_NS + round(at * 10**9)


@dataclass(frozen=True, slots=True)
class Setting:
    """From when on the wall clock was off by how much, and whether anybody vouched for it."""

    since: float
    offset_ms: int
    vouched: bool


@dataclass
class Host:
    """One computer."""

    name: str
    disk: Disk
    reachable: bool = True
    """Whether its network cable is in."""
    boot: int = 1
    booted_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    boots: dict[int, float] = field(default_factory=dict)
    """When each boot began."""
    settings: list[Setting] = field(default_factory=list)
    dated_boot: int = 0
    """The newest boot of which a commit knows the date, so that it outlives the process."""

    def __post_init__(self) -> None:
        self.boots[self.boot] = self.booted_at

    def set_clock(self, offset_ms: int, *, vouched: bool) -> None:
        """Set the wall clock to so many milliseconds before or after the truth."""
        self.settings.append(Setting(asyncio.get_running_loop().time(), offset_ms, vouched))

    def note_stamp(self, stamp: Stamp) -> None:
        """Note that a commit used a stamp."""
        if stamp.quality is Quality.GOOD:
            self.dated_boot = self.boot

    @property
    def offset_ms(self) -> int:
        return self.settings[-1].offset_ms if self.settings else 0

    def is_vouched_for(self) -> bool:
        return self.settings[-1].vouched if self.settings else True

    def settings_since(self, since: float) -> list[Setting]:
        """Return the settings that were in force at any time from then on."""
        later = [setting for setting in self.settings if setting.since > since]
        before = [setting for setting in self.settings if setting.since <= since][-1:]
        return (before or [Setting(0.0, 0, vouched=True)]) + later

    def wall_ns(self) -> int:
        return true_ns(asyncio.get_running_loop().time()) + self.offset_ms * 10**6

    def monotonic_ns(self) -> int:
        return round((asyncio.get_running_loop().time() - self.booted_at) * 10**9)

    def reboot(self) -> None:
        """Begin a new boot."""
        self.boot += 1
        self.booted_at = self.boots[self.boot] = asyncio.get_running_loop().time()
