"""R02, kills: a life is killed at the k-th of each system call that makes its spool durable, for every k or some."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.disk import broken, ledger, ramdisk, strace
from tests.faults.disk.row import Row
from tests.faults.disk.verdict import judge
from tests.faults.disk.workload import AFTER_KILL
from tests.support.spooling import rot

LIFE = ("--steps", "16", "--frames", "60", "--quota", "10000")
_FULL_LIFE = ("--steps", "16", "--frames", "60", "--quota", "100000", "--silent")
_SECOND_LIFE = ("--steps", "4", "--first", "1000", "--quota", "100000")
_HALFWAY = "pwrite64", 150
_SEED = 2


@dataclass(frozen=True, slots=True)
class Point:
    """A system call and the how manyth of its kind."""

    call: str
    number: int


def points(life: Sequence[str], before: Path | None = None) -> list[Point]:
    """Return every point at which a life can be killed."""
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
        path = _prepared(Path(folder), before)
        ran = strace.run(path, life, only=strace.files(path))
        if ran.status:
            raise RuntimeError(ran.errors)
        return [Point(call, n) for call, count in strace.counted(ran) for n in range(1, count + 1)]


def _prepared(folder: Path, before: Path | None) -> Path:
    if before is not None:
        shutil.copytree(before, folder, dirs_exist_ok=True)
    return folder / "spool"


def kill(row: Row, life: Sequence[str], point: Point | None, *, name: str = "") -> None:
    """Live a life until a point, or to its end, and count in what its spool is worth then."""
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
        path = Path(folder) / "spool"
        _kill(row, path, life, point, [], name)


def _kill(row: Row, path: Path, life: Sequence[str], point: Point | None, said: list[bytes], name: str) -> None:
    inject = [f"{point.call}:signal=KILL:when={point.number}"] if point else []
    if name:
        life = [*life, "--broken", name]
    ran = strace.run(path, life, inject=inject, only=strace.files(path))
    if point is not None and not ran.was_killed:
        row.failures.append(f"{point}: the life was not killed but ended with {ran.status} {ran.errors[-200:]}")
    with broken.spool(name):
        verdict = judge(path, ledger.read([*said, *ran.said]), AFTER_KILL)
    row.take(f"killed at {point}", verdict)


def rows(*, short: bool) -> Iterator[Row]:
    """Yield what kills found."""
    if why := strace.missing():
        yield Row("R02 kills", skipped=why)
        return
    yield _in_life(12 if short else None)
    yield _in_recovery(4 if short else None)
    yield _in_takeover(4 if short else None)


def _in_life(most: int | None) -> Row:
    every = points(LIFE)
    chosen = _some(every, most)
    row = Row("R02 killed at each durable call", notes=[f"{len(chosen)} of {len(every)} points"])
    for point in chosen:
        kill(row, LIFE, point)
    return row


def _in_recovery(most: int | None) -> Row:
    """Return what kills found while a spool recovers from a kill."""

    def killed_halfway(path: Path) -> strace.Ran:
        call, number = _HALFWAY
        return strace.run(path, LIFE, inject=[f"{call}:signal=KILL:when={number}"], only=strace.files(path))

    return _in_second_life("R02 killed again in recovery", killed_halfway, most)


def _in_takeover(most: int | None) -> Row:
    """Return what kills found while a damaged spool, in which all is intact, comes over between commits."""

    def damaged(path: Path) -> strace.Ran:
        ran = strace.run(path, _FULL_LIFE, only=strace.files(path))
        rot(path)
        return ran

    return _in_second_life("R02 killed in a takeover", damaged, most)


def _in_second_life(case: str, first_life: Callable[[Path], strace.Ran], most: int | None) -> Row:
    """Kill a second life on what a first one left, at every point or some."""
    row = Row(case)
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
        path = Path(folder) / "first" / "spool"
        path.parent.mkdir()
        first = first_life(path)
        path.with_name("spool.trace").unlink()
        every = points(_SECOND_LIFE, path.parent)
        for point in _some(every, most):
            again = Path(folder) / "again"
            _kill(row, _prepared(again, path.parent), _SECOND_LIFE, point, first.said, "")
            shutil.rmtree(again)
    row.notes.append(f"{row.trials} of {len(every)} points")
    return row


def _some(every: list[Point], most: int | None) -> list[Point]:
    """Return all points, or some, of each call at least one."""
    if most is None or most >= len(every):
        return every
    chance = random.Random(_SEED)
    by_call = {point.call: point for point in chance.sample(every, len(every))}
    rest = [p for p in chance.sample(every, len(every)) if p not in by_call.values()]
    return [*by_call.values(), *rest][:most]
