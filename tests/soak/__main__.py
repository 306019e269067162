"""`python -m tests.soak`: runs agent, broker, hub and database at speed, and says whether anything grows."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from service import duration
from tests.faults.bed import Bed, Setup
from tests.faults.station import Sensor, Station, frame
from tests.soak.sample import Sample, days, sample, settled, slope

_SAMPLES = 120
_LEAST_SECONDS = 1.0
_MOST_SLOPE = 1.0
_SPARE_FILES = 3
_LOG_BYTES_A_DAY = 1_000_000


class Hasty(Station):
    """A station whose ledger stays empty, since weeks of it would fill the memory of whoever measures memory."""

    def _speak(self, sensor: Sensor) -> None:
        if sensor.terminal is not None:
            sensor.listened = self._hear(sensor) != b"" or sensor.listened
            sensor.terminal.send(frame(sensor.next_number))
            sensor.next_number += 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print a table, and return 1 if something grows."""
    options = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    options.add_argument("--for", dest="time", default="6h", help="how long, like 30m or 6h")
    options.add_argument("--rate", type=float, default=2_400, help="readings a second; the reference load is 24")
    chosen = options.parse_args(arguments)
    seconds = duration.seconds(chosen.time)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        return _soak(Path(folder), seconds, chosen.rate)


def _soak(folder: Path, seconds: float, rate: float) -> int:
    bed = Bed(folder, Setup(sensors=20, rate=rate, health_seconds=30))
    bed.station.close()
    bed.station = Hasty(folder / "by-id", sensors=20, rate=rate)
    samples: dict[str, list[Sample]] = {"agent": [], "hub": []}
    with bed:
        bed.wait_for_first()
        _watch(bed, samples, seconds)
        bed.drain()
        lost = int(bed.agent_says()["lost_before_commit"])
        logs = {name: (folder / f"{name}.log").stat().st_size for name in samples}
    return _report(samples, logs, lost)


def _watch(bed: Bed, samples: dict[str, list[Sample]], seconds: float) -> None:
    step = max(_LEAST_SECONDS, seconds / _SAMPLES)
    begun = time.monotonic()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("soak", total=seconds)
        while (passed := time.monotonic() - begun) < seconds:
            progress.update(task, completed=passed)
            readings = int(bed.agent_says().get("committed", 0))
            for name, program in (("agent", bed.agent), ("hub", bed.hub)):
                assert program.running is not None
                assert program.running.poll() is None, f"the {name} ended:\n{program.words()[-2000:]}"
                samples[name].append(sample(program.running.pid, readings))
            time.sleep(step)


def _report(samples: dict[str, list[Sample]], logs: dict[str, int], lost: int) -> int:
    table = Table(
        "program", "days", "MB first", "MB last", "MB a day", "files", "threads", "log B a day", "disk B/reading"
    )
    grown: list[str] = []
    for name, taken in samples.items():
        late = settled(taken)
        first, last = late[0], late[-1]
        past = max(days(last.readings), 1e-9)
        growth, log = slope(late), logs[name] / past
        written = (last.written - first.written) / max(1, last.readings - first.readings)
        table.add_row(
            name, f"{past:.2f}", f"{first.megabytes:.1f}", f"{last.megabytes:.1f}", f"{growth:+.2f}",
            f"{first.files} to {last.files}", f"{first.threads} to {last.threads}", f"{log:.0f}", f"{written:.0f}",
        )  # fmt: skip
        if past >= 1 and growth > _MOST_SLOPE:
            grown.append(f"{name} grows by {growth:.2f} MB a day")
        if last.files > first.files + _SPARE_FILES or last.threads > first.threads:
            grown.append(f"{name} holds more files or threads at the end")
        if past >= 1 and log > _LOG_BYTES_A_DAY:
            grown.append(f"{name} logs {log:.0f} B a day")
    console = Console(width=120)
    console.print(table)
    console.print(f"readings lost before a commit: {lost}; one day is 24 readings a second for 24 h")
    for what in grown:
        console.print(what, style="red")
    return 1 if grown or lost else 0


if __name__ == "__main__":
    sys.exit(main())
