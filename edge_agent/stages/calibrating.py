"""Corrects readings by what a co-location found; the raw value is kept beside, and the reading marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from edge_agent.stages.correction import Correction
from edge_agent.taken import Taken
from telemetry.quality import Quality
from telemetry.quantity import Family

_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Calibration:
    """The corrections of one sensor, by quantity, and their version."""

    version: int
    corrections: Mapping[str, Correction]


class Calibrator:
    """Applies a calibration; a value that needs a humidity which nobody knows stays raw and unmarked."""

    def __init__(self, calibration: Calibration, humidity: Callable[[], float | None]) -> None:
        """Take where the humidity comes from when the reading itself has none."""
        self._calibration = calibration
        self._humidity = humidity

    def take(self, taken: Taken) -> Iterable[Taken]:
        """Return the reading, corrected as far as it can be."""
        said = taken.measurement
        if said.family is not Family.AIR:
            return (taken,)
        humidity = said.values.get("humidity")
        humidity = self._humidity() if humidity is None else humidity
        corrected: dict[str, float] = {}
        for name, correct in self._calibration.corrections.items():
            raw = said.values.get(name)
            value = None if raw is None else correct(raw, humidity)
            if raw is not None and value is not None:
                corrected |= {name: round(value, _DIGITS), f"{name}_raw": raw}
        if not corrected:
            return (taken,)
        values = {**said.values, **corrected, "calibration": self._calibration.version}
        measurement = replace(said, values=values, quality=said.quality | Quality.CALIBRATED)
        return (replace(taken, measurement=measurement),)

    def finish(self, sensor: str, at: int) -> Iterable[Taken]:
        """Have nothing more to tell."""
        del sensor, at
        return ()
