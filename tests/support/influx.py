"""Reads rows out of a real InfluxDB, without the project's own code."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from tests.support.servers import Server


def query(server: Server, statement: str, database: str = "simpang") -> list[Mapping[str, Any]]:
    """Return the rows of all series of one InfluxQL statement, times in nanoseconds."""
    asked = urllib.parse.urlencode({"db": database, "q": statement, "epoch": "ns"})
    with urllib.request.urlopen(f"{server.url}/query?{asked}", timeout=10) as answer:
        (result,) = json.load(answer)["results"]
    rows = [(series, values) for series in result.get("series", ()) for values in series["values"]]
    return [series.get("tags", {}) | dict(zip(series["columns"], values, strict=True)) for series, values in rows]
