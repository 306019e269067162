"""The embedded store: DuckDB, one table a family, for a city on one machine; reads in SQL."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from hub.errors import BadLines, Hold, QueryRefused, TryAgain
from hub.stores.store import SINCE_EVER, Row
from telemetry.catalogue import BY_FAMILY
from telemetry.quantity import LABELS, Family
from telemetry.schema import LINE

_LINE = re.compile(r"([a-z]+),(\S+) (\S+) (\d+)\n")
_LATEST = 2**63 - 2
"""Nanoseconds since 1970; DuckDB reads one more as infinity."""

_NAMES = ("site", "agent", "sensor")
Answer = TypeVar("Answer")


class Embedded:
    """Store: commits each write to its file before it answers; writing a row again replaces it."""

    durable_after = 0.0

    def __init__(self, path: Path) -> None:
        """Take the path; the file is opened by `prepare`, in the store's own thread."""
        self._path = path
        self.name = f"embedded store {path}"
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="duckdb")
        self._db: duckdb.DuckDBPyConnection | None = None

    async def prepare(self) -> None:
        """Open or create the file and its tables; raises Hold if that cannot be."""
        await self._do(self._open)

    def _open(self) -> None:
        if self._db is not None:
            return
        is_new = False
        try:
            is_new = not self._path.exists()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._db = _with_tables(self._path)
        except (duckdb.Error, OSError) as error:
            if is_new:
                _discard(self._path)
            raise Hold(f"{self.name} cannot be opened: {error}; {_cure(error)}") from error

    async def running_since(self) -> float:
        """See Store.running_since."""
        return SINCE_EVER

    async def write(self, lines: Sequence[bytes]) -> None:
        """Write in one transaction; see Store.write."""
        await self._do(lambda: self._write(lines))

    def _write(self, lines: Sequence[bytes]) -> None:
        rows: dict[Family, dict[tuple[Any, ...], tuple[Any, ...]]] = {}
        for line in lines:
            family, row = _row(line)
            rows.setdefault(family, {})[_key(family, row)] = row
        db = self._opened()
        try:
            db.execute("BEGIN")
            for family, unique in rows.items():
                db.execute(_insert(family), list(map(list, zip(*unique.values(), strict=True))))
            db.execute("COMMIT")
        except duckdb.Error as error:
            with contextlib.suppress(duckdb.Error):
                db.rollback()
            raise TryAgain(f"{self.name}: {error}") from error

    async def query(self, statement: str) -> list[Row]:
        """Query in SQL; see Store.query."""
        return await self._do(lambda: self._query(statement))

    def _query(self, statement: str) -> list[Row]:
        try:
            cursor = self._opened().execute(statement)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except duckdb.Error as error:
            raise QueryRefused(str(error)) from error

    async def close(self) -> None:
        """Close the file and end the thread."""
        await self._do(self._close)
        self._thread.shutdown()

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._db is None:
            raise TryAgain(f"{self.name} is not open yet")
        return self._db

    async def _do(self, call: Callable[[], Answer]) -> Answer:
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, call))


def _with_tables(path: Path) -> duckdb.DuckDBPyConnection:
    """Return the opened file with all its tables; raises duckdb.Error, and then it is closed."""
    db = duckdb.connect(str(path))
    try:
        for statement in (statement for family in Family for statement in _table(family)):
            db.execute(statement)
    except duckdb.Error:
        with contextlib.suppress(duckdb.Error):
            db.close()
        raise
    return db


def _discard(path: Path) -> None:
    """Remove a file that was begun and not finished, unless another process has it open by now."""
    with contextlib.suppress(OSError):
        with path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        path.with_name(path.name + ".wal").unlink()


def _cure(error: Exception) -> str:
    """Return what to do about a file that cannot be opened."""
    said = str(error)
    if "onflicting lock" in said:
        return "another program has it open: stop that one"
    if "ermission denied" in said:
        return "let this user read and write it, and its folder"
    return "check the path, or move the file away"


def _table(family: Family) -> list[str]:
    """Return statements that make a family's table, or give one of an older catalogue the columns that it lacks."""
    labels = "".join(f', "{label}" VARCHAR NOT NULL' for label in LABELS[family])
    fields = "".join(f', "{n}" {"BIGINT" if q.whole else "DOUBLE"}' for n, q in BY_FAMILY[family].items())
    key = ", ".join(f'"{name}"' for name in (*_NAMES, *LABELS[family], "time"))
    names = "site VARCHAR NOT NULL, agent VARCHAR NOT NULL, sensor VARCHAR NOT NULL"
    create = (
        f'CREATE TABLE IF NOT EXISTS "{family}" (time TIMESTAMP_NS NOT NULL, {names}{labels}{fields}, '
        f"quality INTEGER NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY ({key}))"
    )
    kinds = {name: "BIGINT" if quantity.whole else "DOUBLE" for name, quantity in BY_FAMILY[family].items()}
    alter = [f'ALTER TABLE "{family}" ADD COLUMN IF NOT EXISTS "{name}" {kind}' for name, kind in kinds.items()]
    return [create, *alter]


def _insert(family: Family) -> str:
    """Return a statement that takes a list for each column: a twentieth of the time of a parameter for each value."""
    texts = ["VARCHAR"] * (len(_NAMES) + len(LABELS[family]))
    numbers = ["BIGINT" if quantity.whole else "DOUBLE" for quantity in BY_FAMILY[family].values()]
    columns = ", ".join(f"unnest(?::{kind}[])" for kind in (*texts, *numbers, "INTEGER", "BIGINT"))
    order = ", ".join(f'"{n}"' for n in ("time", *_NAMES, *LABELS[family], *BY_FAMILY[family], "quality", "seq"))
    return f'INSERT OR REPLACE INTO "{family}" ({order}) SELECT make_timestamp_ns(unnest(?::BIGINT[])), {columns}'


def _row(line: bytes) -> tuple[Family, tuple[Any, ...]]:
    """Return a line's values in the order of its table's columns; raises BadLines."""
    parts = _LINE.fullmatch(line.decode()) if LINE.fullmatch(line) else None
    if parts is None or int(parts[4]) > _LATEST:
        raise BadLines("not a line of a known family, or its time is beyond the year 2262")
    family = Family(parts[1])
    tags, fields = _pairs(parts[2]), _pairs(parts[3])
    labels = [tags.get(label, "") for label in LABELS[family]]
    values = [_value(fields.get(name)) for name in (*BY_FAMILY[family], "quality", "seq")]
    return family, (int(parts[4]), *(tags[name] for name in _NAMES), *labels, *values)


def _key(family: Family, row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[: 1 + len(_NAMES) + len(LABELS[family])]


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(","))


def _value(text: str | None) -> float | int | None:
    if text is None:
        return None
    return int(text[:-1]) if text.endswith("i") else float(text)
