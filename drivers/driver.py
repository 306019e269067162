"""What a driver is: the facts of one serial device, and how its frames become measurements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from drivers.parts.framing import Scanner
from drivers.parts.options import Option, Value, checked
from telemetry.quantity import Quantity
from telemetry.reading import Measurement

CAUSES: Mapping[str, str] = {
    "noise": "bytes that belong to no frame, per frame length or line begun: wrong speed, wrong device, bad cable",
    "length": "a frame cut off, too long, or of another model",
    "checksum": "the check does not agree with the bytes",
    "tail": "the end mark is missing",
    "format": "fields that are not in the device's own format",
    "distrusted": "sound in itself, but too soon after damage to be believed",
    "no-target": "nothing is in reach to measure the distance to",
    "warming-up": "the device has no value yet",
    "not-asked": "a sound answer to something else: another device has this address, or it came too late",
    "nothing-new": "the device was asked sooner than it has a new value",
    "error-code": "the device reports a fault in place of a value",
    "out-of-device-range": "a value that this device cannot measure",
    "no-fix": "the receiver does not know where it is",
}
"""Why a frame was rejected; every driver uses these words."""


_NOT_ITS_OWN = frozenset({"noise", "format", "checksum", "length", "not-asked"})


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a serial line is set."""

    baud: int
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1

    def __str__(self) -> str:
        return f"{self.baud} {self.data_bits}{self.parity}{self.stop_bits}"


class Driver(ABC):
    """Bytes of one device in, measurements out; no I/O, no clock. A bad frame is counted, never raised."""

    title: ClassVar[str]
    """Maker and models."""
    line: ClassVar[LineSettings]
    quantities: ClassVar[tuple[Quantity, ...]]
    """All that it can deliver."""
    tested: ClassVar[str]
    """What its tests rest on: "captures" or "data sheet only"."""
    has_check: ClassVar[bool] = True
    """Whether its frames carry a sum, by which a listener notices that a byte was changed."""
    interval: ClassVar[float]
    """Seconds between frames, or between polls."""
    warm_up: ClassVar[float] = 0.0
    """Seconds after power or waking until its values have settled."""
    wake: ClassVar[bytes] = b""
    """What switches its fan and laser on; a device that cannot be put to sleep has neither this nor `sleep`."""
    sleep: ClassVar[bytes] = b""
    """What switches them off."""
    sure: ClassVar[str]
    """How sure its facts are: "A" seen in two places or verified by a sum, "B" seen once, "C" recalled in part."""
    power: ClassVar[str] = ""
    """Supply and level of its line, as recalled from its sheet."""
    life: ClassVar[str] = ""
    """How long it lasts, as recalled from its sheet."""
    notes: ClassVar[str] = ""
    """What a technician should know beyond that."""
    opening: ClassVar[bytes] = b""
    """What to send after opening the port."""
    request: ClassVar[bytes] = b""
    """What to ask at every poll; a device that talks by itself is not asked."""
    closing: ClassVar[bytes] = b""
    """What to send before closing the port."""
    query: ClassVar[bytes] = b""
    """A harmless question that makes it speak, where a scan should not use `request`, or there is none."""
    other_bauds: ClassVar[tuple[int, ...]] = ()
    """Further speeds at which it is met."""
    looks_like: ClassVar[tuple[str, ...]] = ()
    """Drivers of devices that may say the very same bytes."""
    samples: ClassVar[bool] = False
    """Whether it says samples of speeds, which are joined into crossings."""
    repeats: ClassVar[bool] = False
    """Whether it says the same again while it lasts, as a reader of cards does."""
    speaks_at_times: ClassVar[bool] = False
    """Whether silence is no fault."""
    shares_line: ClassVar[bool] = False
    """Whether several such devices may hang on one port, each asked by its address."""
    answer_seconds: ClassVar[float] = 0.5
    """How long to wait for an answer on a shared line."""

    options: ClassVar[tuple[Option, ...]] = ()
    """What a technician may say about the device."""
    example: ClassVar[Mapping[str, Value]] = {}
    """Options that must be given, as its captures were taken with."""

    def __init__(self, **said: object) -> None:
        """Start with nothing heard; raises BadOption."""
        self.chosen = checked(self.options, said)
        self.scanner = self.framing()
        self.rejected: Counter[str] = self.scanner.rejected
        self.accepted = 0
        self.answers = 0
        """Sound frames of its own, whatever they said."""
        self.understood = 0
        """Bytes in them."""
        self.asks = 1
        """How many polls make one round."""
        self.memory: dict[str, float] = {}
        """What is to be remembered when the agent starts again: counts, by the quantity."""

    def reopened(self) -> None:
        """Forget what was half-heard before the port was opened."""
        self.scanner.forget()

    def poll(self) -> bytes:
        """Return the request to send now; a cut answer is forgotten, so that it never merges with the next."""
        if self.request:
            self.scanner.forget()
        return self.request

    def feed(self, data: bytes) -> list[Measurement]:
        """Return what the bytes complete, and count the rest."""
        measurements: list[Measurement] = []
        for frame in self.scanner.feed(data):
            meaning = self.read(frame)
            if not isinstance(meaning, str) or meaning not in _NOT_ITS_OWN:
                self.answers += 1
                self.understood += len(frame)
            if isinstance(meaning, str):
                self.rejected[meaning] += 1
            elif meaning is not None:
                measurements += (meaning,) if isinstance(meaning, Measurement) else meaning
        self.accepted += len(measurements)
        return measurements

    @abstractmethod
    def framing(self) -> Scanner:
        """Return a new scanner that cuts this device's frames."""

    @abstractmethod
    def read(self, frame: bytes) -> Measurement | tuple[Measurement, ...] | str | None:
        """Return what a frame says, the cause why it says nothing, or None if it is of no interest."""
