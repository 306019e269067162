"""A sensor's readings of some days, some never stored, and what a model that knows them all says of a day."""

from __future__ import annotations

import asyncio
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hub.completeness.day import HOUR, Day
from hub.stores.embedded import Embedded
from telemetry.line import format_line
from telemetry.quality import Quality
from telemetry.quantity import Family
from telemetry.reading import Measurement, Place, Reading
from tests.support import influx, servers

DAY = Day(date(2026, 3, 14), ZoneInfo("Asia/Jakarta"))
BEGIN = DAY.begin // 10**6
"""In milliseconds."""

PLACE = Place("simpang-empat", "se-1")
VALUES: dict[Family, dict[str, float]] = {
    Family.AIR: {"pm2_5": 1.5},
    Family.SCENE: {"frames": 9},
    Family.HEALTH: {"frames": 9},
    Family.TRAFFIC: {"count": 1},
}


@dataclass
class Sensor:
    """Numbers readings as a spool does; times are seconds of the day, before and after it too."""

    name: str
    place: Place = PLACE
    next: int = 0
    stored: dict[int, Reading] = field(default_factory=dict)
    earlier: list[Reading] = field(default_factory=list)
    """Rows of spools that were exchanged."""
    lost: set[int] = field(default_factory=set)
    causes: dict[int, str] = field(default_factory=dict)

    def say(
        self,
        second: float,
        family: Family = Family.AIR,
        *,
        lost: bool = False,
        quality: Quality = Quality.GOOD,
        values: dict[str, float] | None = None,
        labels: dict[str, str] | None = None,
    ) -> int:
        """Number a reading, and keep it as stored unless it is lost."""
        said = Measurement(family, values or VALUES[family], labels or {}, quality)
        number, self.next = self.next, self.next + 1
        if lost:
            self.lost.add(number)
        else:
            self.stored[number] = Reading(self.name, said, BEGIN + int(second * 1000), number)
        return number

    def tell(self, second: float, cause: str, first: int, last: int, count: int = 0) -> None:
        """Say a gap; without a count all that it names is missing."""
        values: dict[str, float] = {"first": first, "last": last, "count": count or last - first + 1}
        self.say(second, Family.GAP, values=values, labels={"cause": cause})
        if not count:
            self.causes |= dict.fromkeys(self.lost & set(range(first, last + 1)), cause)

    def exchange(self) -> None:
        """Put in a new card; the model of `expected` knows one only."""
        self.earlier += self.stored.values()
        self.stored, self.lost, self.next = {}, set(), 0

    def lines(self) -> list[bytes]:
        """Return what is stored."""
        return [f"{format_line(self.place, said)}\n".encode() for said in (*self.earlier, *self.stored.values())]


def expected(sensor: Sensor, day: Day = DAY) -> list[dict[str, Any]]:
    """Return of each hour, number by number: found, means, by cause, unexplained."""
    edges = day.edges
    hours: list[dict[str, Any]] = [Counter(found=0, means=0, unexplained=0) for _ in edges[1:]]
    plain = {number: r.time * 10**6 + number for number, r in sensor.stored.items() if not _is_mean(r)}
    for number, reading in sensor.stored.items():
        hour = _hour(Fraction(reading.time * 10**6), edges)
        if hour is not None:
            hours[hour]["means" if _is_mean(reading) else "found"] += 1
        assert number == reading.seq
    known = sorted(plain)
    for number in sensor.lost:
        time = _dated(number, plain, known)
        hour = None if time is None else _hour(time, edges)
        if hour is not None:
            hours[hour][sensor.causes.get(number, "unexplained")] += 1
    return [dict(+hour) for hour in hours]


def _is_mean(reading: Reading) -> bool:
    return Quality.AVERAGED in reading.measurement.quality


def _dated(number: int, plain: dict[int, int], known: Sequence[int]) -> Fraction | None:
    """Return when a number was given out, about; None outside of what is known."""
    place = bisect(known, number)
    if place in (0, len(known)):
        return None
    below, above = known[place - 1], known[place]
    return plain[below] + Fraction((plain[above] - plain[below]) * (number - below), above - below)


def _hour(time: Fraction, edges: Sequence[int]) -> int | None:
    return next((at for at, begin in enumerate(edges[:-1]) if begin <= time < min(begin + HOUR, edges[-1])), None)


def told(sensor: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the hours of a sensor in the command's JSON in the model's words."""
    return [
        {
            name: count
            for name, count in (hour["explained"] | {n: hour[n] for n in ("found", "means", "unexplained")}).items()
            if count
        }
        for hour in sensor["hours"]
    ]


@dataclass(frozen=True)
class Filled:
    """A store's settings, and how to write to it."""

    table: str
    write: Callable[[Iterable[bytes]], None]

    def config(self, folder: Path) -> Path:
        """Return the settings of a hub with this store."""
        file = folder / "hub.toml"
        file.write_text(f'registration = "open"\n[broker]\nhost = "127.0.0.1"\n[store]\n{self.table}')
        return file


@contextmanager
def store(kind: str, folder: Path) -> Iterator[Filled]:
    """Run a store until the block ends."""
    if kind == "embedded":
        path = folder / "city.duckdb"
        yield Filled(f'kind = "embedded"\npath = "{path}"\n', lambda lines: asyncio.run(_into_duckdb(path, lines)))
        return
    with servers.running(servers.influxdb1(folder / "influxdb")) as server:
        influx.create_database(server)
        table = f'kind = "influxdb1"\nurl = "{server.url}"\n'
        yield Filled(table, lambda lines: influx.write(server, b"".join(lines)))


async def _into_duckdb(path: Path, lines: Iterable[bytes]) -> None:
    opened = Embedded(path)
    await opened.prepare()
    try:
        await opened.write(list(lines))
    finally:
        await opened.close()
