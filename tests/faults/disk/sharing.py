"""R08, sharing: a second agent, another site's spool, another version's spool."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from edge_agent.delivery.spool import Spool
from edge_agent.errors import AgentError, SpoolForeign, SpoolTaken
from telemetry.batch import Batch
from telemetry.reading import Place
from tests.faults.disk import ramdisk, strace
from tests.faults.disk.row import Row
from tests.faults.disk.workload import step
from tests.support.spooling import PLACE, PLENTY, STAMP, all_rows, opened

_OTHER = Place("simpang-lima", "sl-1")
_RELEASE_0_1 = """
PRAGMA journal_mode=WAL;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE batch (
    number INTEGER PRIMARY KEY, lines INTEGER NOT NULL, size INTEGER NOT NULL, payload BLOB NOT NULL,
    next_seq TEXT NOT NULL, contents BLOB NOT NULL, held TEXT NOT NULL
);
CREATE TABLE undated (
    id INTEGER PRIMARY KEY, boot TEXT NOT NULL, at INTEGER NOT NULL, sensor TEXT NOT NULL, measurement TEXT NOT NULL,
    crc INTEGER NOT NULL
);
CREATE TABLE boot (
    id INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, wall_ms INTEGER NOT NULL, monotonic_ns INTEGER NOT NULL
);
"""
_PLACE = "simpang-empat/se-1"
_EPOCH = "5f0c91d2a7b3e846"
_LINE = "air,site=simpang-empat,agent=se-1,sensor=dust pm2_5=12.5,quality=0i,seq=0i 1770000000000000000\n"


def rows() -> Iterator[Row]:
    """Yield what sharing found."""
    for case, check in (
        ("R08 a second agent on one spool", second),
        ("R08 another site's spool", foreign),
        ("R08 a spool of release 0.1", older),
        ("R08 a spool of a later release", newer),
    ):
        row = Row(case, trials=1)
        with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
            row.failures += check(Path(folder) / "spool", row)
        yield row


def second(path: Path, row: Row) -> list[str]:
    """Open a spool that is held, in this process and in another, and return what is wrong about it."""
    holder = _filled(path)
    wrong = [*_refused(path, SpoolTaken, "held by another running agent")]
    other = subprocess.run(strace.live(path, ()), capture_output=True, check=False)
    if b"SpoolTaken" not in other.stderr:
        wrong.append("another process opened a spool that is held")
    wrong += _still_whole(holder)
    holder.close()
    row.committed = 2 * len(step(0))
    return wrong


def foreign(path: Path, row: Row) -> list[str]:
    """Open another site's spool."""
    _filled(path).close()
    wrong = [*_refused(path, SpoolForeign, "belongs to simpang-empat/se-1", _OTHER)]
    holder = opened(path)
    wrong += _still_whole(holder)
    holder.close()
    row.committed = 2 * len(step(0))
    return wrong


def older(path: Path, row: Row) -> list[str]:
    """Open a spool of the first release: it is delivered, or refused with words and left as it is."""
    _of_release_0_1(path)
    row.committed = 1
    try:
        spool = opened(path)
    except SpoolForeign as error:
        row.notes.append(str(error).split(": ", 1)[-1])
        return [] if "version" in str(error) and _kept_of_0_1(path) else [f"refused, but {error}"]
    said = [(r.seq, r.values["pm2_5"]) for r in all_rows(spool)]
    spool.close()
    row.notes.append("opened and handed out")
    return [] if said == [(0, 12.5)] else [f"it hands out {said}"]


def newer(path: Path, row: Row) -> list[str]:
    """Open a spool that a later release wrote."""
    _filled(path).close()
    row.committed = 2 * len(step(0))
    _set_version(path, "99")
    wrong = [*_refused(path, SpoolForeign, "version 99")]
    _set_version(path, _version_of_new(path))
    holder = opened(path)
    wrong += _still_whole(holder)
    holder.close()
    return wrong


def _filled(path: Path) -> Spool:
    spool = opened(path)
    for number in range(2):
        spool.commit([r.taken for r in step(number)], STAMP)
    return spool


def _still_whole(spool: Spool) -> Iterator[str]:
    try:
        told = len(all_rows(spool))
        number = spool.commit([r.taken for r in step(2)], STAMP)
    except AgentError as error:
        yield f"the holder cannot go on: {error}"
        return
    if (told, number) != (2 * len(step(0)), 3):
        yield f"{told} readings are left, and the next batch is {number}"


def _refused(path: Path, kind: type[AgentError], words: str, place: Place = PLACE) -> Iterator[str]:
    """Yield what is wrong about how an opening is refused."""
    try:
        spool = Spool(path, place, quota=PLENTY, boot="other", batch_readings=1000)
    except kind as error:
        if words not in str(error) or str(path) not in str(error):
            yield f"the refusal says only: {error}"
        return
    spool.close()
    yield f"{kind.__name__} was not raised"


def _of_release_0_1(path: Path) -> None:
    """Write a spool as release 0.1 did."""
    payload = Batch(_EPOCH, 1, 1, _LINE.encode()).encode()
    own = json.dumps({"own": [["dust", 0, 0]], "told": []}).encode()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.executescript(_RELEASE_0_1)
        db.executemany("INSERT INTO meta VALUES (?, ?)", [("version", "2"), ("epoch", _EPOCH), ("place", _PLACE)])
        row = (1, 1, len(payload), payload, json.dumps({"dust": 1}), own, "")
        db.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def _kept_of_0_1(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return bool(db.execute("SELECT count(*) = 1 FROM batch WHERE lines = 1").fetchone()[0])


def _set_version(path: Path, version: str) -> None:
    """Write a version into a spool as an agent of that version would."""
    check = zlib.crc32(f"version={version}".encode())
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        change = "UPDATE meta SET value = ?, crc = ? WHERE key = 'version'"
        assert db.execute(change, (version, check)).rowcount == 1


def _version_of_new(path: Path) -> str:
    """Return the version that this release writes."""
    fresh = path.with_name("fresh")
    opened(fresh).close()
    with contextlib.closing(sqlite3.connect(fresh)) as db:
        return str(db.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()[0])
