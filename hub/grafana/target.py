"""A panel's query as Grafana stores it; the SDK knows no InfluxDB, so this is ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

UID = "simpang"
"""The datasource's uid in every Grafana."""

DATASOURCE = DataSourceRef(type_val="influxdb", uid=UID)


@dataclass(frozen=True, slots=True)
class InfluxQuery(Dataquery):
    """An InfluxQL text with its letter in the panel; `alias` names the curves, a table has none."""

    influxql: str
    alias: str = ""
    table: bool = False
    ref: str = "A"

    def to_json(self) -> dict[str, Any]:
        """Return what stands in the dashboard's JSON."""
        return {
            "alias": self.alias,
            "datasource": DATASOURCE,
            "query": self.influxql,
            "rawQuery": True,
            "refId": self.ref,
            "resultFormat": "table" if self.table else "time_series",
        }


@dataclass(frozen=True, slots=True)
class _Ready(Builder[Dataquery]):
    query: InfluxQuery

    def build(self) -> Dataquery:
        return self.query


def lettered(*queries: InfluxQuery) -> list[Builder[Dataquery]]:
    """Return the queries for a panel, lettered A, B, C and so on."""
    return [_Ready(replace(query, ref=letter)) for letter, query in zip(ascii_uppercase, queries, strict=False)]
