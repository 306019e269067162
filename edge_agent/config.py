"""What a technician writes about an agent; see configs/junction.toml for the annotated example."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from drivers.catalogue import load
from drivers.errors import BadDescription, BadOption, DriverError, UnknownDriver
from drivers.parts.options import checked
from edge_agent.shared_ports import shared_ports
from service.broker import Broker
from service.places import Place
from service.settings import FullPath, Name, Section, entries, shown
from telemetry.catalogue import CALIBRATED
from telemetry.names import HEALTH, HUB, LINK
from telemetry.quantity import Family

_RENUMBERED = re.compile(r"/dev/tty(USB|ACM)\d+")
_STREAM = re.compile(r"(rtsps?|https?)://[^/\s]+.*|/.*|file:/.*")

_SLOWEST_PACE = 2

Fraction = Annotated[float, Field(ge=0, le=1)]
Point = tuple[Fraction, Fraction]


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


def _given(family: Family) -> Family:
    if family is Family.GAP:
        raise ValueError("gap readings are never given up: they tell what else was")
    return family


def _corrected(quantity: str) -> str:
    if quantity not in CALIBRATED:
        raise ValueError(f"{quantity!r} cannot be corrected; {', '.join(CALIBRATED)} can")
    return quantity


def _stream(url: str) -> str:
    if not _STREAM.fullmatch(url):
        raise ValueError("a camera is rtsp://…, http://… (MJPEG), /dev/v4l/by-id/… or the full path of a video file")
    if "://" in url and not _is_address(url):
        raise ValueError("write @ / # ? in a camera's user name or password as %40 %2F %23 %3F")
    return url


def _is_address(url: str) -> bool:
    """Tell whether an address can be taken apart as it is meant: one @ before the host, a number after it."""
    try:
        parts = urlsplit(url)
        return parts.netloc.count("@") <= 1 and not parts.fragment and parts.port != 0
    except ValueError:
        return False


def _pace(fps: float) -> float:
    if 0 < fps < _SLOWEST_PACE:
        raise ValueError(f"{fps:g} frames a second are too few to count with; use 2 or more, or 0 for each frame")
    return fps


Given = Annotated[Family, AfterValidator(_given)]


class Spool(Section):
    """The agent's durable queue."""

    path: FullPath = Field(
        description='the file that keeps readings until the hub has them: path = "/var/lib/simpang/…"'
    )
    commit_seconds: float = Field(
        default=1.0, gt=0, le=1, description="how many seconds a reading may wait to be committed, at most 1"
    )
    quota_mb: int = Field(
        default=2048,
        ge=1,
        description="megabytes that readings may take, and a tenth more while the clock is not set",
    )
    thin: bool = Field(
        default=True, description="false drops readings where a full spool would keep one-minute means of them first"
    )
    give_up_first: list[Given] = Field(
        default=[Family.HEALTH, Family.SCENE], description="families that a full spool gives up before all others"
    )
    give_up_last: list[Given] = Field(
        default=[Family.TRAFFIC, Family.CROSSING], description="families that a full spool keeps longest"
    )

    @classmethod
    def faults(cls, said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
        """Return families that would be given up both first and last."""
        first, last = said.get("give_up_first"), said.get("give_up_last")
        if isinstance(first, list) and isinstance(last, list):
            for place, family in enumerate(last):
                if family in first:
                    yield ("give_up_last", place), f"{family!r} is in give_up_first already"


class Clock(Section):
    """Who vouches for this computer's time; until then readings wait, with the time since the boot."""

    trust: Literal["ntp", "rtc"] = Field(
        default="ntp", description='"ntp" waits until the kernel says it is synchronised; "rtc" if a battery keeps it'
    )
    patience_minutes: float = Field(
        default=60,
        ge=0,
        le=10_080,
        description="minutes after the boot until an unsynchronised clock is used, and its readings marked",
    )


class Uplink(Section):
    """How batches are sent."""

    window: int = Field(default=16, ge=1, le=64, description="batches that may wait for the hub's word at once")
    batch_readings: int = Field(default=100, ge=1, le=1000, description="the most readings in one batch")
    compress: bool = Field(default=True, description="false keeps batches readable with mosquitto_sub")
    backlog_kbit_s: float = Field(
        default=0, ge=0, description="kilobits a second that waiting batches may take on a metered link; 0 is no limit"
    )
    resend_seconds: float = Field(
        default=20, ge=1, le=600, description="seconds without the hub's word before resending"
    )


class Health(Section):
    """How often the agent reports on itself."""

    every: float = Field(default=30, ge=1, le=3600, description="seconds between health readings")


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
            yield from _twice(each, "quantity", corrected, place)


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


class Line(Section):
    """A counting line in the picture; (0, 0) is the upper left corner, (1, 1) the lower right."""

    name: Name = Field(description='the line\'s name, like name = "l1"')
    start: Point = Field(alias="from", description="where the line starts, like from = [0.0, 0.6]")
    end: Point = Field(alias="to", description="where the line ends, like to = [1.0, 0.6]")
    directions: tuple[Name, Name] = Field(
        default=("in", "out"),
        description="names for crossing to the right-hand side and to the left, walking from `from` to `to`",
    )
    metres: float | None = Field(default=None, gt=0, le=200, description="the line's length on the ground, for classes")

    @classmethod
    def faults(cls, said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
        """Return ends that are one point, and directions of one name."""
        if "from" in said and said["from"] == said.get("to"):
            yield ("to",), "`from` and `to` are the same point"
        directions = said.get("directions")
        if isinstance(directions, list) and len(directions) == 2 and directions[0] == directions[1]:
            yield ("directions",), "the two directions need different names"


class Camera(Section):
    """A camera and what to count in its picture."""

    sensor: Name = Field(description='the camera\'s name on this agent, like sensor = "cam-north"')
    url: Annotated[str, AfterValidator(_stream)] = Field(
        description="rtsp://…, http://…, a name in /dev/v4l/by-id or a file"
    )
    fps: Annotated[float, AfterValidator(_pace)] = Field(
        default=10, ge=0, le=60, description="frames analysed a second at most, 2 or more; 0 for each frame"
    )
    realtime: bool = Field(default=True, description="for video files: false analyses every frame, as fast as it goes")
    loop: bool = Field(default=False, description="for video files: start again at the end")
    open_timeout: float = Field(
        default=5, gt=0, le=60, description="seconds to connect, and again to recognise the stream"
    )
    read_timeout: float = Field(default=5, gt=0, le=60, description="seconds to wait for a frame")
    mask: list[Annotated[list[Point], Field(min_length=3)]] = Field(
        default=[], description="polygons that are never looked at"
    )
    lines: list[Line] = Field(default=[], alias="line", description="counting lines, each a [[camera.line]]")
    interval: float = Field(default=60, ge=1, le=3600, description="seconds of one traffic total")

    @classmethod
    def faults(cls, said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
        """Return lines that stand twice, and a loop that nothing would pace."""
        lines: dict[str, str] = {}
        for place, line in entries(said, "line"):
            yield from _twice(line, "name", lines, place)
        if said.get("loop") is True and said.get("realtime") is False:
            yield ("loop",), "a file that loops must be played in real time; leave realtime out"


class AgentSettings(Section):
    """The whole file."""

    site: Name = Field(description='the place on the map, like site = "simpang-empat"')
    agent: Name = Field(description='this computer\'s name, unique in the city, like agent = "se-1"')
    broker: Broker = Field(description="a [broker] table with host and port")
    spool: Spool = Field(description="a [spool] table with path")
    clock: Clock = Clock()
    uplink: Uplink = Uplink()
    health: Health = Health()
    serial: list[SerialSensor] = Field(default=[], description="serial sensors, each a [[serial]] table")
    camera: list[Camera] = Field(default=[], description="cameras, each a [[camera]] table")

    def notes(self) -> Iterable[str]:
        """Return the broker's, and a user name under which Mosquitto's access list would not let this agent speak."""
        yield from self.broker.notes()
        if self.broker.username not in (None, self.agent):
            yield f"[broker] username {self.broker.username!r} is not the agent's name: the access list goes by it"

    def sensors(self) -> list[str]:
        """Return the names of all sensors."""
        return [s.sensor for s in self.serial] + [c.sensor for c in self.camera]

    @classmethod
    def faults(cls, said: Mapping[str, Any]) -> Iterable[tuple[Place, str]]:
        """Return sensors and ports that stand twice, and a name that is the hub's."""
        if said.get("agent") == HUB:
            yield ("agent",), f"{HUB!r} is the hub's name on the broker; use another"
        names = {HEALTH: "the agent's own health", LINK: "the hub's word on whether the agent is there"}
        for place, entry in (*entries(said, "serial"), *entries(said, "camera")):
            yield from _twice(entry, "sensor", names, place)
            if entry.get("humidity_from", "") not in {"", *_serial_names(said)}:
                yield (*place, "humidity_from"), f"{entry['humidity_from']!r} is no [[serial]] sensor of this file"
        yield from shared_ports(entries(said, "serial"))


def _serial_names(said: Mapping[str, Any]) -> set[object]:
    return {str(entry.get("sensor")) for _, entry in entries(said, "serial")}


def _twice(entry: Mapping[str, Any], key: str, taken: dict[str, str], place: Place) -> Iterable[tuple[Place, str]]:
    """Return a fault if the value of a key was taken before, and take it."""
    value = entry.get(key)
    if not isinstance(value, str):
        return
    if value in taken:
        yield (*place, key), f"{value!r} is already {taken[value]}; each needs its own"
    taken.setdefault(value, shown(place))
