"""A day's completeness for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.completeness.day import Day
from hub.completeness.result import Count, SensorDay


def as_dict(site: str, day: Day, sensors: Sequence[SensorDay]) -> dict[str, Any]:
    """Return what `--json` prints; times are local with their offset, numbers include first and last."""
    unexplained = sum(sensor.total.unexplained for sensor in sensors)
    return {
        "site": site,
        "day": day.date.isoformat(),
        "begin": day.stamp(day.begin),
        "end": day.stamp(day.end),
        "unexplained": unexplained,
        "sensors": [_sensor(day, sensor) for sensor in sensors],
    }


def _sensor(day: Day, sensor: SensorDay) -> dict[str, Any]:
    newest = sensor.newest
    return {
        "agent": sensor.source.agent,
        "sensor": sensor.source.sensor,
        **_count(sensor.total),
        "rows_twice": sensor.twice,
        "unknown_before": sensor.cut_at,
        "unknown_after": newest and {"seq": newest.span.last, "time": day.stamp(newest.end)},
        "new_spools": [{"first": life.span.first, "begin": day.stamp(life.begin)} for life in sensor.new_lives],
        "hours": [
            {"begin": day.stamp(begin), **_count(hour)} for begin, hour in zip(day.edges, sensor.hours, strict=False)
        ],
        "unexplained_numbers": [
            {
                "first": stretch.span.first,
                "last": stretch.span.last,
                "after": day.stamp(stretch.after),
                "before": day.stamp(stretch.before),
            }
            for stretch in sensor.unexplained
        ],
    }


def _count(count: Count) -> dict[str, Any]:
    return {
        "percent": count.percent,
        "expected": count.expected,
        "found": count.found,
        "explained": dict(count.explained),
        "unexplained": count.unexplained,
        "means": count.means,
    }
