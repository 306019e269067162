"""Panels of completeness: rows found against the numbers that were given out, and known gaps by cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from hub.grafana import families, influxql, tables, units
from hub.grafana.target import InfluxQuery
from telemetry.quantity import Family

TITLE = "Kelengkapan / Completeness"

_TOGETHER: Mapping[str, str] = {"rows": "sum", "lowest": "min", "highest": "max", "told": "max"}
"""What the families of a sensor are together; what gaps told stands beside each of them after merging."""

_STEPS: tuple[tuple[str, str, str, str], ...] = (
    ("more", "highest (max)", "-", "lowest (min)"),
    ("numbers", "more", "+", "1"),
    ("missing", "numbers", "-", "rows (sum)"),
    ("share", "rows (sum)", "/", "numbers"),
)
"""What is worked out of them: its name, left side, operator and right side."""

_COLUMNS: Mapping[str, str] = {
    "share": "Lengkap",
    "numbers": "Nomor",
    "rows (sum)": "Ada",
    "missing": "Tidak ada",
    "told (max)": "Sebab tahu",
}
_DESCRIPTION = """\
Nomor urut yang diberikan sensor dibandingkan dengan baris yang ada, pada rentang waktu / \
Sequence numbers that a sensor gave out against the rows that are there, in the time shown

- Lengkap: bagian yang ada / share that is there
- Nomor: terakhir - pertama + 1 / last - first + 1
- Ada: baris yang ditemukan / rows found
- Tidak ada: selisihnya / the difference
- Sebab tahu: yang disebut celah data pada rentang ini / how many gap readings name, told in this time

Pada tepi rentang waktu beberapa nomor dapat tampak hilang, juga nomor rata-rata per menit; spool baru di tengahnya \
mengacaukan hitungan. Tepatnya: `simpang-hub complete` / At the edges of the time shown a few numbers may seem to be \
missing, as do those of one-minute means; a new spool in between upsets the count. Exactly: `simpang-hub complete`"""


def of_numbers(where: Sequence[str], *, by: Sequence[str]) -> tables.Table:
    """Return the table of each sensor's rows against its numbers, the least complete first."""
    rows = InfluxQuery(influxql.numbers(where=where, by=by), table=True)
    told = influxql.select('sum("count") AS "told"', Family.GAP, where=(influxql.SHOWN, *where), by=by)
    shown = tables.table(TITLE, by, [], rows, InfluxQuery(told, table=True), timed=False)
    for name, heading in _COLUMNS.items():
        shown.override_by_name(name, [tables.named(heading), tables.setting("unit", units.WHOLE)])
    share = [tables.setting("unit", units.SHARE), tables.setting("decimals", 2)]
    shown.override_by_name("share", [*share, *tables.coloured(units.completeness())])
    shown.transformations([DataTransformerConfig(id_val="merge", options={}), *_worked_out(by)])
    return tables.sorted_by(shown.description(_DESCRIPTION), _COLUMNS["share"])


def by_cause(where: Sequence[str], *, by: Sequence[str]) -> tables.Table:
    """Return the table of what is known to be missing in the time shown."""
    apart = (*by, "cause")
    total = influxql.select('sum("count") AS "count"', Family.GAP, where=(influxql.SHOWN, *where), by=apart)
    title = "Pembacaan hilang menurut sebab / Readings missing by cause"
    missing = families.quantities(Family.GAP, "count")
    return marked(tables.table(title, apart, missing, InfluxQuery(total, table=True), timed=False))


def marked(shown: tables.Table) -> tables.Table:
    """Return a table of gaps with the colour of how many are missing."""
    return shown.override_by_name("count", tables.coloured(units.missing()))


def _worked_out(by: Sequence[str]) -> list[DataTransformerConfig]:
    """Return one row for each sensor, whose families Grafana adds up, and what follows from their sums."""
    grouped: dict[str, Any] = {tag: {"operation": "groupby", "aggregations": []} for tag in by}
    grouped |= {name: {"operation": "aggregate", "aggregations": [how]} for name, how in _TOGETHER.items()}
    made = [f"{name} ({how})" for name, how in _TOGETHER.items()] + [name for name, *_ in _STEPS]
    return [
        DataTransformerConfig(id_val="groupBy", options={"fields": grouped}),
        *(_calculated(*step) for step in _STEPS),
        tables.organized((*by, *_COLUMNS), hidden={name: True for name in made if name not in _COLUMNS}),
    ]


def _calculated(name: str, left: str, operator: str, right: str) -> DataTransformerConfig:
    sides = {"left": left, "operator": operator, "right": right}
    return DataTransformerConfig(id_val="calculateField", options={"mode": "binary", "binary": sides, "alias": name})
