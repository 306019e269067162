"""A station of dust sensors on pseudo-terminals whose every value names its reading, and the ledger of what they said.

The ledger stands outside the system: what a sensor says is written down here, with its true time, whether anybody
listened or not. Somebody listens from the moment a sensor hears a greeting until the listener dies.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from simulation.sensors import Terminal

_DIGITS = 9_000
"""PM2.5 in tenths counts to this, PM10 counts how often it did; both stay below the error code 9999."""


def frame(number: int) -> bytes:
    """Return an SDS011 frame that names a number."""
    high, low = divmod(number, _DIGITS)
    data = (low + 1).to_bytes(2, "little") + (high + 1).to_bytes(2, "little") + b"\x01\x02"
    return b"\xaa\xc0" + data + bytes((sum(data) % 256,)) + b"\xab"


def number_of(pm2_5: float, pm10: float) -> int:
    """Return the number that a reading names."""
    return (round(pm10 * 10) - 1) * _DIGITS + round(pm2_5 * 10) - 1


@dataclass(frozen=True, slots=True)
class Emitted:
    """One reading: which, when (monotonic seconds, and nanoseconds since 1970), and whether somebody listened."""

    sensor: str
    number: int
    at: float
    wall_ns: int
    listened: bool


@dataclass
class Sensor:
    """One sensor on its line."""

    name: str
    link: Path
    terminal: Terminal | None = None
    listened: bool = False
    next_number: int = 0


@dataclass
class Ledger:
    """Everything that was said, and when whoever listened died."""

    emitted: list[Emitted] = field(default_factory=list)
    deaths: list[float] = field(default_factory=list)


Spoil = Callable[[bytes], bytes]
"""Changes a frame on its way; whatever is not a whole frame any more is not expected to be read."""


class Station:
    """Sensors that speak in turn, together at a rate, in a thread of its own."""

    def __init__(self, folder: Path, *, sensors: int = 8, rate: float = 24.0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.sensors = [Sensor(f"dust-{n}", folder / f"dust-{n}") for n in range(1, sensors + 1)]
        self.ledger = Ledger()
        self.rate = rate
        self.spoil: Spoil = bytes
        self._lock = threading.Lock()
        self._speaking = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="station")
        for sensor in self.sensors:
            self.plug_in(sensor)

    @property
    def ports(self) -> dict[str, Path]:
        """The sensors' names and ports."""
        return {sensor.name: sensor.link for sensor in self.sensors}

    def toml(self) -> str:
        """Return the agent's settings for these sensors."""
        return "".join(
            f'[[serial]]\nsensor = "{name}"\ndriver = "sds011"\nport = "{port}"\n' for name, port in self.ports.items()
        )

    def start(self) -> None:
        """Begin to speak; nobody needs to listen yet."""
        self._speaking.set()
        self._thread.start()

    def hush(self) -> None:
        """Say nothing more."""
        with self._lock:
            self._speaking.clear()

    def close(self) -> None:
        """Unplug everything."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(10)
        for sensor in self.sensors:
            self.unplug(sensor)

    def plug_in(self, sensor: Sensor) -> None:
        """Give a sensor a new line under its stable name."""
        with self._lock:
            sensor.terminal = Terminal(sensor.link)

    def unplug(self, sensor: Sensor) -> None:
        """Take a sensor off."""
        with self._lock:
            if sensor.terminal is not None:
                self._note_death()
                sensor.terminal.close()
            sensor.terminal, sensor.listened = None, False

    @contextmanager
    def death(self, sensors: Sequence[Sensor] = ()) -> object:
        """Hold all speech while the listener is killed, and note that nobody listens from then on."""
        with self._lock:
            yield
            self._note_death()
            for sensor in self.sensors:
                sensor.listened = False
                self._hear(sensor)

    def _note_death(self) -> None:
        self.ledger.deaths.append(time.monotonic())

    def all_listened(self) -> bool:
        """Tell whether somebody listens to every sensor that is plugged in."""
        with self._lock:
            return all(sensor.listened for sensor in self.sensors if sensor.terminal is not None)

    def _run(self) -> None:
        due, turn = time.monotonic(), 0
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + 1 / self.rate, time.monotonic() - 1.0)
            with self._lock:
                if self._speaking.is_set():
                    self._speak(self.sensors[turn % len(self.sensors)])
            turn += 1

    def _speak(self, sensor: Sensor) -> None:
        if sensor.terminal is None:
            return
        if self._hear(sensor):
            sensor.listened = True
        said = frame(sensor.next_number)
        sent = self.spoil(said)
        out = sensor.terminal.send(sent)
        listened = sensor.listened and out == said
        self.ledger.emitted.append(Emitted(sensor.name, sensor.next_number, time.monotonic(), time.time_ns(), listened))
        sensor.next_number += 1

    @staticmethod
    def _hear(sensor: Sensor) -> bytes:
        return sensor.terminal.heard() if sensor.terminal is not None else b""
