"""A day's completeness for people: a line a sensor, then the hours that are not whole, then what to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from hub.completeness.day import Day
from hub.completeness.result import Count, SensorDay
from hub.completeness.spans import Span
from hub.grafana import titles

_MOST_STRETCHES = 20
"""Stretches of unexplained numbers that are listed."""

_LEGEND = """\
# lengkap / complete   ~ rata-rata per menit / averaged
o hilang, sebab diketahui / missing, cause known   ! tanpa sebab / unexplained
. tidak ada nomor / no numbers"""
_FIGURES = ("%", "ada\nfound", "hilang\nmissing", "rata2\naveraged", "tanpa sebab\nunexplained")
_STYLES = {"#": "green", "~": "cyan", "o": "yellow", "!": "bold red", ".": "dim"}


def rendered(site: str, day: Day, sensors: Sequence[SensorDay]) -> Iterator[RenderableType]:
    """Yield what is printed, for 80 columns too."""
    for agent, group in groupby(sensors, key=lambda sensor: sensor.source.agent):
        yield from _of_agent(f"{site} / {agent}, {day.date}", day, list(group))
    yield Text(_LEGEND, style="dim")
    yield _verdict(sensors)


def _of_agent(title: str, day: Day, sensors: Sequence[SensorDay]) -> Iterator[RenderableType]:
    yield Text(f"{title}: {day.hours} jam / hours", style="bold")
    yield _overview(sensors)
    broken = [row for sensor in sensors for row in _broken_hours(day, sensor)]
    if broken:
        yield _table_of_hours(broken)
    yield from _remarks(day, sensors)


def _overview(sensors: Iterable[SensorDay]) -> Table:
    table = _table("sensor", "jam\nhours", *_FIGURES)
    table.columns[1].no_wrap = True
    for sensor in sensors:
        table.add_row(sensor.source.sensor, _strip(sensor.hours), *_figures(sensor.total))
    return table


def _table_of_hours(rows: Iterable[tuple[str, str, Count]]) -> Table:
    table = _table("sensor", "jam\nhour", *_FIGURES, "sebab\ncauses")
    said = ""
    for name, clock, count in rows:
        table.add_row("" if name == said else name, clock, *_figures(count), _causes(count))
        said = name
    return table


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for place, heading in enumerate(headings):
        is_figure = 2 <= place < 7
        table.add_column(heading, justify="right" if is_figure else "left", overflow="fold", no_wrap=is_figure)
    return table


def _figures(count: Count) -> tuple[str, str, str, str, Text]:
    alarm = Text(str(count.unexplained), style="bold red" if count.unexplained else "")
    percent = "-" if count.percent is None else f"{count.percent:.1f}"
    return percent, str(count.found), str(count.missing), str(count.thinned), alarm


def _broken_hours(day: Day, sensor: SensorDay) -> Iterator[tuple[str, str, Count]]:
    for begin, hour in zip(day.edges, sensor.hours, strict=False):
        if hour.expected > hour.found:
            yield sensor.source.sensor, day.clock(begin)[:5], hour


def _causes(count: Count) -> str:
    return "\n".join(f"{titles.CAUSES.get(cause, cause)} {number}" for cause, number in count.explained.items())


def _strip(hours: Iterable[Count]) -> Text:
    strip = Text()
    for hour in hours:
        letter = _letter(hour)
        strip.append(letter, style=_STYLES[letter])
    return strip


def _letter(hour: Count) -> str:
    if not hour.expected:
        return "."
    if hour.unexplained:
        return "!"
    if hour.missing:
        return "o"
    return "~" if hour.thinned else "#"


def _remarks(day: Day, sensors: Iterable[SensorDay]) -> Iterator[RenderableType]:
    for sensor in sensors:
        for remark in _of_edges(day, sensor):
            yield Text(f"{sensor.source.sensor}: {remark}")
    stretches = [(sensor, stretch) for sensor in sensors for stretch in sensor.unexplained]
    for sensor, stretch in stretches[:_MOST_STRETCHES]:
        yield Text(
            f"{sensor.source.sensor}: {_numbers(stretch.span)}, "
            f"{day.clock(stretch.after)} - {day.clock(stretch.before)}: tanpa sebab / unexplained",
            style="red",
        )
    if len(stretches) > _MOST_STRETCHES:
        yield Text(f"... {len(stretches) - _MOST_STRETCHES} lagi / more: --json")


def _of_edges(day: Day, sensor: SensorDay) -> Iterator[str]:
    if not (sensor.total.found or sensor.total.means):
        yield "tidak ada baris pada hari ini / no row on this day"
    for life in sensor.new_lives:
        since = f"{day.clock(life.begin)}, #{life.span.first}"
        yield f"spool baru sejak {since} / a new spool since {since}"
    if sensor.cut_at is not None:
        yield f"sebelum #{sensor.cut_at} tidak diketahui / what was before is not known"
    if sensor.newest is not None:
        last = f"#{sensor.newest.span.last} ({day.clock(sensor.newest.end)})"
        yield f"sesudah {last} belum diketahui / what comes after is not known yet"
    if sensor.twice:
        yield f"{sensor.twice} nomor ganda, harus diperiksa / rows with a number that another has: look into it"


def _numbers(span: Span) -> str:
    return f"#{span.first}" if span.count == 1 else f"#{span.first}..#{span.last} ({span.count})"


def _verdict(sensors: Iterable[SensorDay]) -> Text:
    count = sum(sensor.total.unexplained for sensor in sensors)
    if count:
        told = f"{count} nomor tanpa sebab: masih di tiang atau hilang / {count} numbers unexplained: "
        return Text(f"{told}still on the pole, or lost", style="bold red")
    return Text("setiap nomor ada atau sebabnya diketahui / every number is there or its cause is known", style="green")
