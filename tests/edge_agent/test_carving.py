"""Rows are found by what they are: every one that is there, whatever its size, and none that never was."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.delivery import carving
from edge_agent.delivery.batch_table import PAGE, Row
from edge_agent.delivery.facts import Facts
from edge_agent.delivery.pages import Pages
from edge_agent.taken import Taken
from telemetry import batch as batches
from telemetry.quantity import Family
from telemetry.reading import Measurement
from tests.support.spooling import STAMP, killed, opened, taken

_MEMORY = Path("/dev/shm")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def _noise(count: int, seed: int) -> list[Taken]:
    """Return readings that do not compress, so that documents of every size come about."""
    values = random.Random(seed)
    return [
        Taken(f"s-{index % 7}", Measurement(Family.AIR, {"pm2_5": values.uniform(1, 999)}), STAMP.monotonic_ns)
        for index in range(count)
    ]


def _stored(path: Path) -> dict[int, Row]:
    with closing(sqlite3.connect(path)) as db:
        return {row[0]: Row(*row) for row in db.execute("SELECT * FROM batch")}


def _found(path: Path) -> dict[int, list[carving.Found]]:
    pages = Pages(path, PAGE)
    found: dict[int, list[carving.Found]] = {}
    for number, place in carving.places(pages, pages.ordinals()):
        found.setdefault(number, []).append(carving.read(pages, place))
    return found


def _see_all(path: Path, stored: dict[int, Row]) -> None:
    found = _found(path)
    for number, row in stored.items():
        batch = batches.decode(row.payload) if row.payload else None
        facts = Facts.decode(row.facts)
        assert facts is not None
        assert carving.Found(batch, facts, is_emptied=batch is None) in found[number], number


@pytest.mark.parametrize("in_log", [True, False])
def test_every_row_is_found_with_its_document_and_its_facts(path: Path, in_log: bool):
    """In leaves, over pages that follow, in the file and in its log; also those that only tell numbers."""
    spool = opened(path)
    for count in [1, 2, 3, 5, 8, 12, 20, 40, 90, 150, 400, 1000]:
        spool.commit(_noise(count, count), STAMP)
    for number in (1, 2, 5):
        spool.forget(number)
    killed(path, path.with_name("left"))
    spool.close()
    if in_log:
        with closing(sqlite3.connect(path.with_name("left"))) as db:
            stored = {row[0]: Row(*row) for row in db.execute("SELECT * FROM batch")}
            assert path.with_name("left-wal").stat().st_size > 20 * PAGE
            _see_all(path.with_name("left"), stored)
    else:
        stored = _stored(path)
        assert any(not row.payload for row in stored.values())
        _see_all(path, stored)


def test_no_batch_is_made_of_two_rows(path: Path):
    """Deleted rows and freed pages lie in the file still; what is found there is whole or nothing."""
    spool = opened(path)
    committed = {}
    for value in range(120):
        number = spool.commit(_noise(1 + value % 11, value), STAMP)
        assert number is not None
        committed[number] = batches.decode(spool.payload(number) or b"").body
        spool.forget(number)
        if value % 40 == 39:
            spool.close()
            spool = opened(path)
    spool.close()
    for number, versions in _found(path).items():
        for found in versions:
            assert found.batch is None or found.batch.body == committed[number]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=3 * PAGE), st.booleans(), st.integers(0, PAGE))
def test_nothing_is_found_in_noise(data: bytes, with_sign: bool, at: int):
    image = data[:at] + batches.ZSTD_MAGIC + data[at:] if with_sign else data
    with _pages_of(image) as pages:
        found = [carving.read(pages, place) for _, place in carving.places(pages, pages.ordinals())]
    assert not [row for row in found if row.batch is not None or row.facts is not None]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_row_with_any_bytes_changed_is_found_whole_or_not_at_all(data: st.DataObject):
    image, body = _sample()
    changed = bytearray(image)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(image) - 1))] = data.draw(st.integers(0, 255))
    with _pages_of(bytes(changed)) as pages:
        found = [
            (number, carving.read(pages, place).batch) for number, place in carving.places(pages, pages.ordinals())
        ]
    assert not [batch for number, batch in found if batch is not None and batch.body != body[number]]


def _sample() -> tuple[bytes, dict[int, bytes]]:
    if not _SAMPLES:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "spool"
            spool = opened(path)
            for count in (1, 3, 60):
                spool.commit([taken(value / 7) for value in range(count)], STAMP)
            body = {number: batches.decode(spool.payload(number) or b"").body for number in (1, 2, 3)}
            spool.close()
            _SAMPLES.append((path.read_bytes(), body))
    return _SAMPLES[0]


_SAMPLES: list[tuple[bytes, dict[int, bytes]]] = []


@contextmanager
def _pages_of(data: bytes) -> Iterator[Pages]:
    """Yield the pages of a file of some bytes."""
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        path = Path(folder) / "spool"
        path.write_bytes(data)
        yield Pages(path, PAGE)
