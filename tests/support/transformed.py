"""What Grafana's transformations make of a database's answers, as far as our tables use them to work figures out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Row = dict[str, Any]

_REDUCED: Mapping[str, Callable[[Sequence[float]], float]] = {"sum": sum, "min": min, "max": max}
_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "/": operator.truediv,
}  # fmt: skip


def table(panel: Mapping[str, Any], answers: Iterable[Sequence[Mapping[str, Any]]]) -> list[Row]:
    """Return the rows of a panel, given the series that answer each of its queries."""
    frames = [[_row(one, values) for one in series for values in one["values"]] for series in answers]
    steps = list(panel["transformations"])
    assert steps.pop(0)["id"] == "merge"
    rows = _merged([frame for frame in frames if frame])
    for step in steps:
        rows = {"groupBy": _grouped, "calculateField": _calculated, "organize": _organized}[step["id"]](
            rows, step["options"]
        )
    return rows


def _row(series: Mapping[str, Any], values: Sequence[Any]) -> Row:
    named = dict(zip(series["columns"], values, strict=True))
    return {"Time": named.pop("time")} | dict(series.get("tags", {})) | named


def _merged(frames: Sequence[Sequence[Row]]) -> list[Row]:
    """Put a row into every row so far that agrees with it in all that all frames have, and contradicts it nowhere."""
    common = set.intersection(*({name for row in frame for name in row} for frame in frames))
    merged: list[Row] = []
    for row in (row for frame in frames for row in frame):
        alike = [one for one in merged if all(one[name] == row[name] for name in common)]
        fitting = [one for one in alike if all(one.get(name, value) == value for name, value in row.items())]
        for one in fitting:
            one.update(row)
        if not fitting:
            merged.append(dict(row))
    return merged


def _grouped(rows: Sequence[Row], options: Mapping[str, Any]) -> list[Row]:
    fields = options["fields"]
    keys = [name for name, said in fields.items() if said["operation"] == "groupby"]
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [dict(zip(keys, key, strict=True)) | _together(group, fields) for key, group in found.items()]


def _together(group: Sequence[Row], fields: Mapping[str, Any]) -> Row:
    made: Row = {}
    for name, said in fields.items():
        values = [row[name] for row in group if row.get(name) is not None]
        made |= {f"{name} ({how})": _REDUCED[how](values) for how in said["aggregations"] if values}
    return made


def _calculated(rows: Sequence[Row], options: Mapping[str, Any]) -> list[Row]:
    assert options["mode"] == "binary"
    sides = options["binary"]
    work = _OPERATORS[sides["operator"]]
    return [row | {options["alias"]: work(_side(row, sides["left"]), _side(row, sides["right"]))} for row in rows]


def _side(row: Row, name: str) -> float:
    return row[name] if name in row else float(name)


def _organized(rows: Sequence[Row], options: Mapping[str, Any]) -> list[Row]:
    hidden = {name for name, is_hidden in options["excludeByName"].items() if is_hidden}
    order = options["indexByName"]
    return [
        {name: row[name] for name in sorted(row, key=lambda name: order.get(name, len(order))) if name not in hidden}
        for row in rows
    ]
