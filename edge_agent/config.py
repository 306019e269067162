"""What a technician writes about an agent; see configs/junction.toml for the annotated example."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from edge_agent.repeated import twice
from edge_agent.serial_config import SerialSensor
from edge_agent.shared_ports import shared_ports
from service.broker import Broker
from service.places import Place
from service.settings import FullPath, Name, Section, entries
from telemetry.names import HEALTH, HUB, LINK
from telemetry.quantity import Family

_STREAM = re.compile(r"(rtsps?|https?)://[^/\s]+.*|/.*|file:/.*")

_SLOWEST_PACE = 2

Fraction = Annotated[float, Field(ge=0, le=1)]
Point = tuple[Fraction, Fraction]


def _given(family: Family) -> Family:
    if family is Family.GAP:
        raise ValueError("gap readings are never given up: they tell what else was")
    return family


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
            yield from twice(line, "name", lines, place)
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
            yield from twice(entry, "sensor", names, place)
            if entry.get("humidity_from", "") not in {"", *_serial_names(said)}:
                yield (*place, "humidity_from"), f"{entry['humidity_from']!r} is no [[serial]] sensor of this file"
        yield from shared_ports(entries(said, "serial"))


def _serial_names(said: Mapping[str, Any]) -> set[object]:
    return {str(entry.get("sensor")) for _, entry in entries(said, "serial")}
