"""What was heard on a port, and which drivers understand it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from drivers.catalogue import known, load
from drivers.driver import Driver, LineSettings
from drivers.errors import BadOption
from telemetry.reading import Measurement

_SAMPLE = 64
_TEXT = frozenset(b"\r\n\t" + bytes(range(32, 127)))


class Trial:
    """One driver that listens to what a port says, at one setting of the line."""

    def __init__(self, name: str, driver: Driver, line: LineSettings, *, asked: bytes = b"") -> None:
        """`asked` is the question that the bytes answer, if any."""
        self.name = name
        self.driver = driver
        self.line = line
        self.asked = asked
        self.bytes = 0
        self.newest: Measurement | None = None

    def feed(self, data: bytes) -> None:
        """Let the driver hear bytes."""
        self.bytes += len(data)
        for measurement in self.driver.feed(data):
            self.newest = measurement

    @property
    def address(self) -> int | None:
        """The address that was asked, None for a device without one."""
        address = self.driver.chosen.get("address") if type(self.driver).shares_line else None
        return None if address is None else int(address)

    @property
    def frames(self) -> int:
        """Sound frames."""
        return self.driver.answers

    @property
    def share(self) -> float:
        """The share of the bytes that lie in them; a line's end may lie outside."""
        return min(1.0, (self.driver.understood + 2 * self.frames) / self.bytes) if self.bytes else 0.0

    @property
    def fits(self) -> bool:
        """Whether it is believed: half of the bytes are its own, and it said enough for the check that it has."""
        needed = 1 if self.asked else 2
        return self.frames >= (needed if self.driver.has_check else needed + 2) and self.share >= 0.5


@dataclass(slots=True)
class Heard:
    """All that a port said."""

    trials: list[Trial] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes that came unasked, by the setting of the line."""
    sample: bytes = b""
    seconds: float = 0.0
    """For how long it was listened to."""

    def unasked(self, line: LineSettings, data: bytes) -> None:
        """Note bytes that nobody asked for."""
        self.sizes[str(line)] = self.sizes.get(str(line), 0) + len(data)
        self.sample = (self.sample + data)[-_SAMPLE:]

    @property
    def is_text(self) -> bool:
        """Whether it says lines that people can read."""
        text = sum(byte in _TEXT for byte in self.sample)
        return b"\n" in self.sample and text > 0.9 * len(self.sample)

    @property
    def fitting(self) -> list[Trial]:
        """The trials that are believed, those that explain most first."""
        found = [trial for trial in self.trials if trial.fits]
        best = max((trial.share for trial in found), default=0.0)
        return sorted(
            (trial for trial in found if trial.share >= best - 0.1),
            key=lambda trial: (-round(trial.share, 1), -len(trial.driver.title.split(",")), trial.name),
        )


def made(name: str) -> Driver | None:
    """Return a driver as it is without any settings but its own examples."""
    driver = load(name)
    try:
        return driver(**driver.example)
    except BadOption:
        return None


def talkers() -> dict[LineSettings, list[str]]:
    """Return the drivers of devices that talk by themselves, by the settings at which they are met."""
    found: dict[LineSettings, list[str]] = {}
    for name in known():
        driver = load(name)
        if not driver.request:
            for line in _lines(driver):
                found.setdefault(line, []).append(name)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0].baud)))


def _lines(driver: type[Driver]) -> Iterable[LineSettings]:
    own = driver.line
    return (LineSettings(baud, own.data_bits, own.parity, own.stop_bits) for baud in (own.baud, *driver.other_bauds))


@dataclass(frozen=True, slots=True)
class Question:
    """Something harmless to send, and the drivers whose devices would answer."""

    line: LineSettings
    data: bytes
    names: tuple[str, ...]
    address: int | None = None
    seconds: float = 0.5

    def __str__(self) -> str:
        who = f" (address {self.address})" if self.address is not None else ""
        return f"{self.line}: {self.data.hex(' ')}  {', '.join(self.names)}{who}"


def questions(addresses: Sequence[int]) -> list[Question]:
    """Return all questions, those for addressed devices once for each address and their own."""
    found: dict[tuple[LineSettings, bytes, int | None], list[str]] = {}
    waits: dict[bytes, float] = {}
    for name in known():
        driver = load(name)
        if driver.shares_line:
            for address in sorted({*addresses, *_own_address(driver)}):
                data = driver(address=address).poll()
                found.setdefault((driver.line, data, address), []).append(name)
                waits[data] = driver.answer_seconds
        elif data := driver.query or driver.request:
            found.setdefault((driver.line, data, None), []).append(name)
    asked = [
        Question(line, data, tuple(names), address, waits.get(data, 0.5))
        for (line, data, address), names in found.items()
    ]
    return sorted(asked, key=lambda each: (each.line.baud, each.address is not None, each.address or 0, each.data))


def _own_address(driver: type[Driver]) -> Iterable[int]:
    return (int(driver().chosen["address"]),)
