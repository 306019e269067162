"""Spool files for the fuzzer: sound ones, and what an input does to them."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest import mock

from edge_agent.delivery.spool import Spool
from telemetry import batch as batches
from tests.fuzz import scratch
from tests.support.spooling import STAMP, Row, opened, row, taken

RAW, PATCHED, CUT, CELLS = "raw", "patched", "cut", "cells"
HOW = (RAW, PATCHED, CUT, CELLS)
"""What the rest of an input is."""

FILES = ((False, ""), (True, ""), (True, "-wal"))
"""Which of the sound files it is done to: one that was closed, one whose agent was killed, and the journal of that."""

NAME = "spool"
WORDS = (
    b"", b"null", b"[]", b"{}", b"[0,0,0]", b'{"dust":0}', b'{"dust":-1}', b'{"dust":1000000000000000000000}', b"1e999",
    b'{"DUST":1}', b'{"dust":"x"}', b'{"dust":null}', b'{"own":[],"told":[]}', b"9223372036854775807",
    b"-9223372036854775808", b"999999999999999999", b"0123456789abcdef", b"simpang-empat/se-1", b"nan", b"\xff\xfe",
)  # fmt: skip
LATE = (0.5, 1.25, 2.75, 3.5, 4.125)
"""What waits for its date in the sound files, under the sensor `late`."""

_SUFFIXES = ("", "-wal")
_ROWS = 64

Said = tuple[str, int, int, frozenset[tuple[str, float]]]
"""Sensor, sequence number, milliseconds and values of a reading."""


_numbers = itertools.count()


def _folder() -> Path:
    folder = scratch.folder() / f"spool-{next(_numbers)}"
    folder.mkdir()
    return folder


@dataclass(frozen=True, slots=True)
class Sound:
    """The files of a spool that was closed and of one that was not, by their suffix, and what they hold."""

    closed: Mapping[str, bytes]
    killed: Mapping[str, bytes]
    payloads: frozenset[bytes]
    readings: frozenset[Said]


@cache
def sound() -> Sound:
    """Return the same files in every process, as long as spools are written alike."""
    folder = _folder()
    with mock.patch("secrets.token_hex", lambda size: "5f" * size):
        spool = opened(folder / NAME)
    _fill(spool)
    payloads = _payloads(spool)
    spool.forget(2)
    spool.commit([taken(0.5)], STAMP, {"dust": 2})
    payloads |= _payloads(spool)
    spool.commit([taken(value, "late") for value in LATE], None, {"dust": 2})
    killed = _files(folder)
    spool.close()
    closed = _files(folder)
    shutil.rmtree(folder)
    lines = [line for payload in payloads for line in batches.decode(payload).body.decode().splitlines()]
    return Sound(closed, killed, payloads, frozenset(said(row(line)) for line in lines))


def _fill(spool: Spool) -> None:
    """Commit batches of one page and of several."""
    for batch in range(5):
        spool.commit([taken(batch * 10 + n / 7, f"dust-{n % 2}") for n in range(20)], STAMP)
    spool.commit([taken(n * 3.14159, "many") for n in range(300)], STAMP)


def _payloads(spool: Spool) -> frozenset[bytes]:
    return frozenset(filter(None, map(spool.payload, spool.after(0, limit=1000))))


def _files(folder: Path) -> Mapping[str, bytes]:
    paths = {suffix: folder / (NAME + suffix) for suffix in _SUFFIXES}
    return {suffix: path.read_bytes() for suffix, path in paths.items() if path.exists()}


def said(r: Row) -> Said:
    """Return what of a row must not change."""
    return r.sensor, r.seq, r.milliseconds, frozenset(r.values.items())


def make(data: bytes) -> Path:
    """Return a new folder with the files that an input describes."""
    how, files = _described(data)
    folder = _folder()
    for suffix, content in files.items():
        (folder / (NAME + suffix)).write_bytes(content)
    if how == CELLS:
        _edit(folder / NAME, data[1:])
    return folder


def size(data: bytes) -> int:
    """Return how many bytes the files have that an input describes."""
    return sum(map(len, _described(data)[1].values()))


def _described(data: bytes) -> tuple[str, Mapping[str, bytes]]:
    head, rest = (data[0] if data else 0), data[1:]
    how = HOW[head % len(HOW)]
    is_killed, suffix = FILES[head // len(HOW) % len(FILES)]
    files = dict(sound().killed if is_killed else sound().closed)
    match how:
        case "raw":
            files = {"": rest}
        case "cut":
            end = int.from_bytes(rest[:3], "big") % (len(files[suffix]) + 1)
            files[suffix] = _patched(files[suffix][:end], rest[3:])
        case "patched":
            files[suffix] = _patched(files[suffix], rest)
    return how, files


def _patched(whole: bytes, patches: bytes) -> bytes:
    """Return the file after patches of five bytes: three for the place, one for the way, one for the value."""
    data = bytearray(whole)
    for at in range(0, len(patches) - 4 if data else 0, 5):
        place, way, value = int.from_bytes(patches[at : at + 3], "big") % len(data), patches[at + 3], patches[at + 4]
        match way % 4:
            case 0:
                data[place] = value
            case 1:
                data[place] ^= value
            case 2:
                data[place : place + value] = bytes(len(data[place : place + value]))
            case 3:
                data[place : place + value] = os.fsencode("\udcff") * len(data[place : place + value])
    return bytes(data)


def _edit(path: Path, edits: bytes) -> None:
    """Put values into rows: table, row, column and type take a byte each, then come the value's length and bytes."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        for table, at, column, kind, value in _edits(edits):
            _put(db, tables[table % len(tables)], (at, column), _typed(kind, value))
    finally:
        db.close()


def _edits(edits: bytes) -> Iterator[tuple[int, int, int, int, bytes]]:
    while len(edits) >= 5:
        table, row_number, column, kind, length = edits[:5]
        yield table, row_number, column, kind, edits[5 : 5 + length]
        edits = edits[5 + length :]


def _typed(kind: int, value: bytes) -> bytes | str | int | float | None:
    text = value.decode("utf-8", "replace")
    digits = text.removeprefix("-")
    match kind % 4:
        case 0:
            return text
        case 1:
            return value
        case 2:
            small = digits.isascii() and digits.isdigit() and len(digits) < 19
            return int(text) if small or text in ("9223372036854775807", "-9223372036854775808") else len(value)
        case _:
            return None if len(value) % 2 else float(len(value)) / 3


def _put(db: sqlite3.Connection, table: str, cell: tuple[int, int], value: bytes | str | float | None) -> None:
    """Replace one cell; a value that its column does not allow leaves the row as it was."""
    columns = [name for _, name, *_ in db.execute(f'PRAGMA table_info("{table}")')]
    rows = db.execute(f'SELECT * FROM "{table}" LIMIT {_ROWS}').fetchall()
    if not rows:
        return
    old = rows[cell[0] % len(rows)]
    column = columns[cell[1] % len(columns)]
    where = " AND ".join(f'"{name}" IS ?' for name in columns)
    try:
        db.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE {where}', (value, *old))
    except sqlite3.IntegrityError:
        return
