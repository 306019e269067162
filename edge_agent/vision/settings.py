"""What the parent says about a camera: one JSON object, checked here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

from edge_agent.vision.errors import BadSettings
from telemetry.names import is_name

Point = tuple[float, float]
Polygon = tuple[Point, ...]

_ADDRESS = re.compile(r"\b(rtsps?|https?)://(?:[^\s'\"]*@)?([^/?#\s'\"]*)[^\s'\"]*")
_DEVICE = re.compile(r"/dev/(video\d+|v4l/by-(id|path)/[^/]+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A counting line in normalised picture coordinates, y downwards.

    Walking from `start` to `end`, directions[0] crosses to the right-hand side, directions[1] to the left.
    """

    name: str
    start: Point
    end: Point
    directions: tuple[str, str]
    metres: float | None = None
    """The line's length on the ground; None where it was not measured."""

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Self:
        """Check one line; raises BadSettings."""
        name, directions = said.get("name"), said.get("directions", ("in", "out"))
        if not (isinstance(name, str) and is_name(name)):
            raise BadSettings(f"line: {name!r} is not a name")
        place = f"line {name}"
        directions = tuple(_list(directions, f"{place}: directions"))
        if len(directions) != 2 or not all(map(_is_name, directions)) or directions[0] == directions[1]:
            raise BadSettings(f"{place}: directions must be two different names, not {directions!r}")
        start, end = (_point(said.get(key), f"{place}: {key}") for key in ("from", "to"))
        if start == end:
            raise BadSettings(f"{place}: `from` and `to` are the same point")
        metres = said.get("metres")
        known = None if metres is None else _number(metres, f"{place}: metres", over=0.0)
        return cls(name, start, end, directions, known)


@dataclass(frozen=True, slots=True)
class Settings:
    """One camera: where its pictures come from and what is counted in them."""

    url: str
    sensor: str = ""
    """The camera's name on this agent, for the log."""
    fps: float = 10.0
    """The most frames analysed in a second; 0 for each frame."""
    realtime: bool = True
    """Files only: pace by the file's own time stamps; otherwise every due frame is analysed, as fast as it goes."""
    loop: bool = False
    open_timeout: float = 5.0
    read_timeout: float = 5.0
    mask: tuple[Polygon, ...] = ()
    lines: tuple[Line, ...] = ()
    interval: float = 60.0
    """Seconds of one traffic total."""

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Self:
        """Check what the parent said; raises BadSettings."""
        unknown = said.keys() - cls.__dataclass_fields__.keys()
        if unknown:
            raise BadSettings(f"unknown: {', '.join(sorted(unknown))}")
        url = said.get("url")
        if not (isinstance(url, str) and url):
            raise BadSettings("url: missing")
        settings = cls(
            url=url,
            sensor=_text(said.get("sensor", ""), "sensor"),
            fps=_number(said.get("fps", 10.0), "fps"),
            realtime=_truth(said.get("realtime", True), "realtime"),
            loop=_truth(said.get("loop", False), "loop"),
            open_timeout=_number(said.get("open_timeout", 5.0), "open_timeout", over=0.0),
            read_timeout=_number(said.get("read_timeout", 5.0), "read_timeout", over=0.0),
            mask=tuple(_polygon(polygon) for polygon in _list(said.get("mask", []), "mask")),
            lines=tuple(Line.from_dict(line) for line in _list(said.get("lines", []), "lines")),
            interval=_number(said.get("interval", 60.0), "interval", over=0.0),
        )
        settings._check()
        return settings

    @property
    def is_file(self) -> bool:
        """Whether the pictures come from a file, which has an end."""
        return not self.is_device and ("://" not in self.url or self.url.startswith("file:"))

    @property
    def is_device(self) -> bool:
        """Whether the pictures come from a camera on this computer."""
        return _DEVICE.fullmatch(self.url) is not None

    @property
    def shown_url(self) -> str:
        """The address as it may be logged: without its password."""
        return masked(self.url)

    def _check(self) -> None:
        names = [line.name for line in self.lines]
        if len(set(names)) != len(names):
            raise BadSettings("lines: two lines have one name")
        if self.loop and not self.realtime:
            raise BadSettings("loop: a file that loops must be played in real time")


def masked(text: str) -> str:
    """Return a text in which every address ends after its host: makers put passwords before it and behind it."""
    return _ADDRESS.sub(r"\1://\2/…", text)


def _is_name(said: object) -> bool:
    return isinstance(said, str) and is_name(said)


def _number(said: object, place: str, *, over: float | None = None) -> float:
    """Return a number that is at least 0, or above `over`."""
    if isinstance(said, bool) or not isinstance(said, int | float) or not isfinite(said):
        raise BadSettings(f"{place}: {said!r} is not a number")
    if said < 0 or (over is not None and said <= over):
        raise BadSettings(f"{place}: {said} is too small")
    return float(said)


def _text(said: object, place: str) -> str:
    if not isinstance(said, str):
        raise BadSettings(f"{place}: {said!r} is not a text")
    return said


def _truth(said: object, place: str) -> bool:
    if not isinstance(said, bool):
        raise BadSettings(f"{place}: {said!r} is neither true nor false")
    return said


def _list(said: object, place: str) -> Sequence[Any]:
    if not isinstance(said, list | tuple):
        raise BadSettings(f"{place}: {said!r} is not a list")
    return said


def _point(said: object, place: str) -> Point:
    both = _list(said, place)
    if len(both) != 2:
        raise BadSettings(f"{place}: {said!r} is not a point [x, y]")
    x, y = (_number(value, place) for value in both)
    if x > 1 or y > 1:
        raise BadSettings(f"{place}: {said!r} lies outside the picture, which is 0 to 1 wide and high")
    return x, y


def _polygon(said: object) -> Polygon:
    points = tuple(_point(point, "mask") for point in _list(said, "mask"))
    if len(points) < 3:
        raise BadSettings("mask: an area needs three points or more")
    return points
