"""What a technician writes about a serial sensor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from drivers.catalogue import load
from drivers.errors import BadDescription, BadOption, DriverError, UnknownDriver
from drivers.parts.options import checked
from edge_agent.repeated import twice
from service.places import Place
from service.settings import Name, Section, entries
from telemetry.catalogue import CALIBRATED, PARTICLES

_RENUMBERED = re.compile(r"/dev/tty(USB|ACM)\d+")


def _port(port: str) -> str:
    if _RENUMBERED.fullmatch(port):
        raise ValueError(f"{port} changes when devices are plugged in again; use its name in /dev/serial/by-id")
    if not port.startswith("/"):
        raise ValueError(f"{port!r} is not the path of a port, like /dev/serial/by-id/usb-…")
    return port


def _driver(name: str) -> str:
    try:
        load(name)
    except DriverError as error:
        raise ValueError(str(error)) from error
    return name


def _corrected(quantity: str) -> str:
    if quantity not in CALIBRATED:
        raise ValueError(f"{quantity!r} cannot be corrected; {', '.join(CALIBRATED)} can")
    return quantity


class Calibration(Section):
    """How one quantity of a sensor is corrected, as `simpang-agent calibrate` found it."""

    quantity: Annotated[str, AfterValidator(_corrected)] = Field(
        description='what is corrected, like quantity = "pm2_5"'
    )
    slope: float = Field(default=1, ge=0.01, le=100, description="what the raw value is multiplied with")
    intercept: float = Field(default=0, ge=-1e5, le=1e5, description="what is added after that")
    kappa: float = Field(
        default=0, ge=0, le=2, description="how much particles swell in moist air (0.3 to 0.5 in cities); 0 for none"
    )


class SerialSensor(Section):
    """A sensor on a serial port."""

    sensor: Name = Field(description='the sensor\'s name on this agent, like sensor = "dust"')
    driver: Annotated[str, AfterValidator(_driver)] = Field(
        description='the driver, like driver = "sds011", or the full path of a device\'s description'
    )
    port: Annotated[str, AfterValidator(_port)] = Field(description="the port's path in /dev/serial/by-id or by-path")
    baud: int | None = Field(default=None, ge=300, le=4_000_000, description="only where the device was set to another")
    poll_seconds: float | None = Field(default=None, gt=0, le=3600, description="only to ask at another pace")
    options: dict[str, str | int | float] = Field(
        default={}, description='what the driver wants to know of the device, like options = { gas = "no2" }'
    )
    stuck_minutes: float = Field(
        default=60, ge=0, le=10_080, description="minutes of equal values after which they count as stuck; 0 for never"
    )
    wake_every: float | None = Field(
        default=None,
        ge=60,
        le=86_400,
        description="seconds from waking to waking, to save a laser; always on without it",
    )
    awake_seconds: float = Field(default=60, ge=10, le=3600, description="how long it is awake then")
    calibration_version: int = Field(default=1, ge=1, le=1_000_000, description="raised whenever calibrated anew")
    humidity_from: Name | None = Field(
        default=None, description="the sensor whose humidity a correction takes where this one measures none"
    )
    calibration: list[Calibration] = Field(default=[], description="corrections, each a [[serial.calibration]]")

    @classmethod
    def faults(cls, said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
        """Return options that the driver does not understand, and a sleep or a correction that it cannot have."""
        yield from _wrong_options(said)
        yield from _wrong_sleep(said)
        corrected: dict[str, str] = {}
        for place, each in entries(said, "calibration"):
            yield from twice(each, "quantity", corrected, place)
            if each.get("kappa") and each.get("quantity") not in PARTICLES:
                yield (*place, "kappa"), f"is for particles, which swell: {', '.join(PARTICLES)}"


def _wrong_options(said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
    driver, options = said.get("driver"), said.get("options", {})
    if isinstance(driver, str) and isinstance(options, dict):
        with suppress(UnknownDriver, BadDescription):
            try:
                checked(load(driver).options, options)
            except BadOption as error:
                yield ("options",), str(error)


def _wrong_sleep(said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
    every, awake = said.get("wake_every"), said.get("awake_seconds", 60)
    if not isinstance(every, int | float) or not isinstance(awake, int | float):
        return
    with suppress(DriverError):
        driver = load(str(said.get("driver")))
        if not driver.sleep:
            yield ("wake_every",), f"{said.get('driver')} cannot be put to sleep; leave it out"
        elif awake <= driver.warm_up:
            yield ("awake_seconds",), f"its values settle after {driver.warm_up:g} s; say more"
        elif every <= awake:
            yield ("wake_every",), f"it would never sleep, being awake for {awake:g} s; say more"
