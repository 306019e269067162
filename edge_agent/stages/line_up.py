"""Which stages the readings of each serial sensor go through, as its driver and its settings say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from drivers.driver import Driver
from edge_agent.sources.bus_sensor import BusSensor
from edge_agent.sources.serial_port import SerialPort
from edge_agent.sources.source import Vitals
from edge_agent.stages.calibrating import Calibration, Calibrator
from edge_agent.stages.correction import Correction
from edge_agent.stages.judging import Judge
from edge_agent.stages.passes import Passes
from edge_agent.stages.repeats import Repeats
from edge_agent.stages.stage import Stage, Staged
from edge_agent.stages.supply import Supply

if TYPE_CHECKING:  # what checks settings is not loaded where they are used: see lean.py
    from edge_agent.serial_config import SerialSensor

_FRESH = 600.0
"""Seconds for which another sensor's humidity may be taken."""


def staged(sources: Sequence[SerialPort | BusSensor], sensors: Sequence[SerialSensor]) -> Iterator[Staged]:
    """Yield each sensor's source with its stages."""
    supply = Supply()
    vitals = {source.vitals.sensor: source.vitals for source in sources}
    for source, settings in zip(sources, sensors, strict=True):
        judge = Judge(
            source.vitals,
            warm_up=source.driver.warm_up,
            stuck_minutes=settings.stuck_minutes,
            is_undersupplied=supply.is_low,
        )
        yield Staged(source, [*_joiners(source.driver), judge, *_calibrators(settings, vitals)])


def _joiners(driver: Driver) -> Iterator[Stage]:
    """Yield what makes one reading of many."""
    if driver.samples:
        yield Passes()
    if driver.repeats:
        yield Repeats()


def _calibrators(settings: SerialSensor, vitals: dict[str, Vitals]) -> Iterator[Stage]:
    if settings.calibration:
        corrections = {
            each.quantity: Correction(each.slope, each.intercept, each.kappa) for each in settings.calibration
        }
        witness = vitals.get(settings.humidity_from or "")
        humidity = _humidity(witness) if witness else _nobody_knows
        yield Calibrator(Calibration(settings.calibration_version, corrections), humidity)


def _humidity(vitals: Vitals) -> Callable[[], float | None]:
    """Return what tells a sensor's newest humidity, None where it is too old."""

    def newest() -> float | None:
        age = vitals.frame_age()
        if age is None or age > _FRESH:
            return None
        return vitals.newest.get("air.humidity", vitals.newest.get("weather.humidity"))

    return newest


def _nobody_knows() -> float | None:
    return None
