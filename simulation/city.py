"""`python -m simulation.city`: one street with a camera and three serial sensors, and the truth about them in files."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import cv2

from simulation.bodies import apparent_widths
from simulation.camera import FPS, serving
from simulation.devices.device import Device
from simulation.devices.mhz19b import Mhz19b
from simulation.devices.nmea import Nmea
from simulation.devices.sds011 import Sds011
from simulation.render import Painter, jpeg
from simulation.sensors import plugged
from simulation.street import Street
from simulation.truth import Truth, write_json
from simulation.vehicles import BODIES, Direction
from simulation.view import HEIGHT, LINE_FROM, LINE_METRES, LINE_TO, LINE_V, WIDTH

_WIB = timezone(timedelta(hours=7), "WIB")
_STDIN = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a city until SIGTERM or SIGINT, until its parent dies or until the pipe on its standard input closes."""
    options = _parser().parse_args(arguments)
    cv2.setNumThreads(1)
    failed = False
    try:
        asyncio.run(_run(options.folder.absolute(), seed=options.seed, port=options.port))
    except* OSError as errors:
        failed = True
        sys.stderr.write(f"simulation.city: {_first(errors)}\n")
    return int(failed)


class City:
    """One street on the clock of this machine; `start` is its time 0 on the monotonic clock."""

    def __init__(self, *, seed: int) -> None:
        """Draw the empty street and let traffic run in; the devices by name are (protocol, device)."""
        self._street, self._painter = Street(seed=seed), Painter(seed=seed)
        self.devices: Mapping[str, tuple[str, Device]] = {
            "dust": ("sds011", Sds011(seed)),
            "co2": ("mhz19b", Mhz19b(seed)),
            "gnss": ("nmea", Nmea(seed)),
        }
        self.start = time.monotonic()
        self._began = datetime.now(UTC)
        self.truth = Truth(start=self.start)

    def picture(self, number: int) -> bytes:
        """Return a frame of the camera as JPEG."""
        elapsed = number / FPS
        self.advance(elapsed)
        clock = (self._began + timedelta(seconds=elapsed)).astimezone(_WIB)
        return jpeg(self._painter.frame(self._street.present(), elapsed, f"{clock:%Y-%m-%d %H:%M:%S %Z}"))

    def advance(self, elapsed: float) -> None:
        """Let the street go on and count what crosses the line."""
        self.truth.count(self._street.advance(elapsed))


async def _run(folder: Path, *, seed: int, port: int) -> None:
    stop = _stopping()
    city, parent = City(seed=seed), os.getppid()
    ports = folder / "ports"
    ports.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        for name, (_, device) in city.devices.items():
            await stack.enter_async_context(plugged(device, ports / name, ledger=city.truth.ledger(name)))
        camera = await stack.enter_async_context(serving(city.picture, start=city.start, port=port))
        write_json(folder / "truth.json", city.truth.document())
        write_json(folder / "city.json", _description(city, ports, camera))
        sys.stdout.write(f"{folder / 'city.json'}\n")
        sys.stdout.flush()
        while not stop.is_set() and os.getppid() == parent:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1.0)
            city.advance(time.monotonic() - city.start)
            write_json(folder / "truth.json", city.truth.document())


def _description(city: City, ports: Path, camera: str) -> Mapping[str, object]:
    """Return city.json: addresses, and what an agent's configuration needs to know of the picture."""
    return {
        "pid": os.getpid(),
        "start": city.start,
        "camera": camera,
        "picture": {"width": WIDTH, "height": HEIGHT, "fps": FPS},
        "ports": {name: str(ports / name) for name in city.devices},
        "protocols": {name: protocol for name, (protocol, _) in city.devices.items()},
        "line": {
            "from": [LINE_FROM, LINE_V],
            "to": [LINE_TO, LINE_V],
            "metres": round(LINE_METRES, 2),
            "directions": list(Direction),
        },
        "widths": {kind: body.width for kind, body in BODIES.items()},
        "apparent_widths": apparent_widths(),
    }


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _stopping() -> asyncio.Event:
    """Return an event that SIGTERM, SIGINT or the end of a pipe on standard input sets."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def read() -> None:
        if not os.read(_STDIN, 4096):
            loop.remove_reader(_STDIN)
            stop.set()

    with suppress(OSError):
        mode = os.fstat(_STDIN).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            loop.add_reader(_STDIN, read)
    return stop


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulation.city", description=main.__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where ports/, city.json and truth.json are made")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same city (default 0)")
    parser.add_argument("--port", type=int, default=0, help="loopback port of the camera (default 0: any free one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
