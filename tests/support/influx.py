"""Writes into and reads out of a real InfluxDB, without the project's own code; every complaint of the server fails."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from tests.support.servers import Server


def create_database(server: Server, database: str = "simpang") -> None:
    """Create a database and wait until it is there.

    InfluxDB sends `200 OK` before it begins and its word afterwards: whoever does not read on may be too early.
    """
    _results(_answer(server, "query", {"q": f'CREATE DATABASE "{database}"'}, b""))


def write(server: Server, document: bytes, database: str = "simpang") -> None:
    """Write a line-protocol document as it is."""
    _answer(server, "write", {"db": database}, document)


def query(server: Server, statement: str, database: str = "simpang") -> list[Mapping[str, Any]]:
    """Return the rows of all series of one InfluxQL statement, times in nanoseconds, tags as columns."""
    found = series(server, statement, database)
    rows = [(one, values) for one in found for values in one["values"]]
    return [one.get("tags", {}) | dict(zip(one["columns"], values, strict=True)) for one, values in rows]


def series(server: Server, statement: str, database: str = "simpang") -> list[Mapping[str, Any]]:
    """Return the series of one InfluxQL statement as InfluxDB says them."""
    (result,) = _results(_answer(server, "query", {"db": database, "q": statement, "epoch": "ns"}))
    return list(result.get("series", ()))


def _answer(server: Server, path: str, parameters: Mapping[str, str], body: bytes | None = None) -> bytes:
    """Return the whole answer; with a body, even an empty one, it is a POST."""
    url = f"{server.url}/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=20) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            said = error.read().decode(errors="replace").strip()
        raise AssertionError(f"{path} {dict(parameters)} answers {error.code}: {said}") from None


def _results(body: bytes) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads(body)["results"]
    assert not any("error" in result for result in results), results
    return results
