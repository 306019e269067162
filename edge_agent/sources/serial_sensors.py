"""The sources of all serial sensors: one alone on its port, or several on one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from drivers.catalogue import load
from edge_agent.sources.bus import Bus
from edge_agent.sources.bus_sensor import BusSensor
from edge_agent.sources.serial_port import SerialPort, line_of
from service.progress import Progress

if TYPE_CHECKING:  # what checks settings is not loaded where they are used: see lean.py
    from edge_agent.serial_config import SerialSensor


def sources(sensors: Iterable[SerialSensor], progress: Progress) -> Iterator[SerialPort | BusSensor]:
    """Yield the source of each sensor; those of one port share its line."""
    buses: dict[str, Bus] = {}
    for settings in sensors:
        driver = load(settings.driver)
        if driver.shares_line:
            bus = buses.setdefault(settings.port, Bus(settings.port, line_of(settings, driver)))
            yield BusSensor(settings, progress, bus)
        else:
            yield SerialPort(settings, progress)
