"""The spool's file after whatever happened to it: other bytes, rotten or missing ones, rows that hold something else.

The first byte of an input says what is done: to which file, and whether the rest is the file itself, bytes to change,
a length to cut it to and bytes to change, or values to put into its rows.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from edge_agent.delivery.spool import Spool
from edge_agent.errors import SpoolDamaged, SpoolForeign
from telemetry import batch as batches
from telemetry.batch import Batch
from tests.fuzz import spool_files
from tests.fuzz.spool_files import CELLS, CUT, HOW, PATCHED, RAW, Said
from tests.fuzz.surface import Surface
from tests.support.spooling import STAMP, Row, opened, row, taken

_STARTS = 3
_PROBE = 987.5
_HEADER = (16, 18, 19, 20, 21, 28, 32, 40, 44, 47, 52, 56, 60, 64, 68, 92, 96, 100, 103)
"""Places in a file's first page that say how to read all others."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What a spool gave out, after as many starts as it needed, and the batch that it made of one new reading."""

    epoch: str
    batches: dict[int, bytes]
    probe: int
    document: bytes | None


def seeds() -> Sequence[bytes]:
    """Return changes of every kind to every file, and files as they are."""
    heads = range(len(HOW) * len(spool_files.FILES))
    changes = [
        b"",
        b"\0\0\x12\0\x04",
        b"\0\0\x38\x01\xff\0\x10\x20\x02\x01",
        b"\x01\x03\x00\x01\x05hello",
        b"\0\x02\x01\0\0",
    ]
    headers = [bytes([HOW.index(PATCHED)]) + place.to_bytes(3, "big") + b"\1\1" for place in _HEADER]
    whole = [bytes([HOW.index(RAW)]) + file[:4096] for file in _whole_files()]
    return [bytes([head]) + change for head in heads for change in changes] + headers + whole


def _whole_files() -> Iterator[bytes]:
    yield b"this is no spool" * 100
    yield b"SQLite format 3\0"
    yield from (spool_files.sound().closed[""], spool_files.sound().killed[""])


def heavy() -> Sequence[bytes]:
    """Return large files of nothing."""
    return [b"\0" + b"SQLite format 3\0" * 65_536, b"\0" + b"\0" * 2**20]


def read(data: bytes) -> Handed | None:
    """Make the file, start on it until it holds, hand everything out and commit one reading; None if it is foreign."""
    folder = spool_files.make(data)
    try:
        return _started(folder / spool_files.NAME)
    except SpoolForeign:
        return None
    finally:
        shutil.rmtree(folder)


def _started(path: Path) -> Handed:
    for _ in range(_STARTS):
        with contextlib.suppress(SpoolDamaged), contextlib.closing(opened(path)) as spool:
            return _handed(spool)
    raise AssertionError(f"start {_STARTS} found damage again")


def _handed(spool: Spool) -> Handed:
    said = {number: spool.payload(number) for number in spool.after(0, limit=1000)}
    probe = spool.commit([taken(_PROBE, "probe")], STAMP)
    assert probe is not None
    assert spool.lines(probe)
    return Handed(spool.epoch, {n: payload for n, payload in said.items() if payload}, probe, spool.payload(probe))


def judge(data: bytes, said: Handed | None) -> None:
    """See that the new reading is in its batch, and that the bytes of others became no reading that was not there."""
    if said is None:
        return
    assert said.document is not None
    fresh = batches.decode(said.document)
    assert any(r.sensor == "probe" and r.values == {"pm2_5": _PROBE} for r in _rows(fresh))
    assert (fresh.epoch, fresh.number) == (said.epoch, said.probe)
    if HOW[data[0] % len(HOW) if data else 0] in (PATCHED, CUT):
        others = {n: batches.decode(p) for n, p in said.batches.items() if p not in spool_files.sound().payloads}
        assert len({*said.batches.values()}) == len(said.batches)
        assert {(said.epoch, number) for number in others} == {(b.epoch, b.number) for b in others.values()}
        assert {r for b in others.values() for r in _said(b)} <= spool_files.sound().readings


def _rows(batch: Batch) -> list[Row]:
    return [row(line) for line in batch.body.decode().splitlines()]


def _said(batch: Batch) -> Iterator[Said]:
    return (spool_files.said(r) for r in _rows(batch) if r.family != "gap" and not _was_dated_now(r))


def _was_dated_now(r: Row) -> bool:
    """Tell a reading that a commit of an earlier start dated, and did so rightly."""
    dated_now = {"probe": (_PROBE,), "late": spool_files.LATE}.get(r.sensor, ())
    return r.milliseconds == STAMP.wall_ms and r.values.get("pm2_5") in dated_now


_HEADS = st.integers(0, len(HOW) * len(spool_files.FILES) - 1).map(lambda n: bytes([n]))
_PATCHES = st.lists(st.binary(min_size=5, max_size=5), min_size=1, max_size=6).map(b"".join)
_CELL_VALUES = st.one_of(
    st.binary(max_size=12),
    st.integers(-(2**63), 2**63 - 1).map(lambda n: str(n).encode()),
    st.sampled_from(spool_files.WORDS),
)
_CELLS = st.lists(
    st.tuples(st.binary(min_size=4, max_size=4), _CELL_VALUES).map(lambda c: c[0] + bytes([len(c[1])]) + c[1]),
    min_size=1,
    max_size=3,
).map(b"".join)


def _headed(how: str, rest: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    files = st.integers(0, len(spool_files.FILES) - 1)
    return st.tuples(files, rest).map(lambda t: bytes([t[0] * len(HOW) + HOW.index(how)]) + t[1])


SURFACE = Surface(
    "spool",
    read,
    (),
    judge,
    seeds,
    st.one_of(_headed(PATCHED, _PATCHES), _headed(CUT, _PATCHES), _headed(CELLS, _CELLS), _headed(RAW, st.binary())),
    spool_files.WORDS,
    heavy,
    longest=512,
    share=0.5,
    size=spool_files.size,
)
