"""What can be measured: name, title, unit, believable range and the family it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """The measurement (in InfluxDB's sense) that a quantity belongs to."""

    AIR = "air"
    TRAFFIC = "traffic"
    CROSSING = "crossing"
    NOISE = "noise"
    WEATHER = "weather"
    WATER = "water"
    POWER = "power"
    SCENE = "scene"
    HEALTH = "health"
    ATTENDANCE = "attendance"
    GAP = "gap"


LABELS: Mapping[Family, tuple[str, ...]] = {
    Family.AIR: (),
    Family.TRAFFIC: ("line", "direction", "class", "zone"),
    Family.CROSSING: ("line", "direction", "class", "zone"),
    Family.NOISE: (),
    Family.WEATHER: (),
    Family.WATER: (),
    Family.POWER: (),
    Family.SCENE: (),
    Family.HEALTH: (),
    Family.ATTENDANCE: (),
    Family.GAP: ("cause",),
}
"""The labels that a reading of each family may carry, in the order in which a line names them."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something measurable; `low` and `high` bound what is believable in a city, not what a sensor can say.

    `sound` bounds the values that need nobody's attention, where that is less than the believable ones.
    """

    family: Family
    name: str
    title: str
    title_id: str
    unit: str
    low: float
    high: float
    whole: bool = False
    """Whether its values are whole numbers (stored as integers)."""
    sound: tuple[float, float] | None = None
    step: float | None = None
    """How far it can really go within a minute, where that is known."""
    never_rests: bool = False
    """Whether it is never quite the same for an hour."""
    aside: bool = False
    """Whether it is kept for who checks, and shown nowhere by itself."""

    def believable(self, value: float) -> bool:
        """Tell whether a value lies in the believable range."""
        return self.low <= value <= self.high
