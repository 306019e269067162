"""The harness proves itself: each broken spool is put to the fault that should show it, until it is caught."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path

from tests.faults.disk import blocks, broken, device, kills, power, ramdisk, refusals, rot, sharing, strace
from tests.faults.disk.broken import VARIANTS, Variant
from tests.faults.disk.disk import MERCIES, NAMES_KEPT
from tests.faults.disk.row import Row
from tests.faults.disk.writelog import Kind

_IMAGES, _PORTION = 600, 20
_POINTS = 12
_REFUSALS = ("fdatasync:EIO:12", "fdatasync:EIO:16", "pwrite64:ENOSPC:60", "pwrite64:ENOSPC:90", "fdatasync:EIO:20..23")
_SPOILT = 3_000
_SEED = 11

Trials = Iterator[object]
"""Adds one trial or more to the row each time it is asked."""


def rows() -> Iterator[Row]:
    """Yield for each broken spool what caught it; one that slips through is a failure."""
    if why := strace.missing():
        yield Row("broken spools", skipped=why)
        return
    for variant in VARIANTS:
        why = device.missing() if variant.fault == "blocks" else ""
        yield Row(f"broken: {variant.name}", skipped=why) if why else proved(variant)


def proved(variant: Variant) -> Row:
    """Put a broken spool to its fault until it is caught or no trial is left."""
    tried = Row(variant.name)
    for _ in _TRIALS[variant.fault](variant, tried):
        if tried.failures:
            break
    row = Row(f"broken: {variant.name}", trials=tried.trials, committed=tried.committed)
    if tried.failures:
        row.notes.append(f"caught by {variant.fault}: {tried.failures[0]}")
    else:
        row.failures.append(f"slipped through {tried.trials} trials of {variant.fault}")
    return row


def score(rows: list[Row]) -> str:
    """Return how many broken spools were caught."""
    put = [row for row in rows if row.case.startswith("broken: ") and not row.skipped]
    return f"{sum(not row.failures for row in put)} of {len(put)} broken spools caught"


def _power(variant: Variant, row: Row) -> Trials:
    """Cut its power; names are kept, so that what is caught is not the folder's doing, save where that is broken."""
    life, mercies = power.recorded([*power.SHORT_LIFE, "--broken", variant.name]), NAMES_KEPT
    if variant is broken.NO_FOLDER_SYNC:
        life, mercies = power.Recorded([d for d in life.deeds if d.kind is not Kind.SYNC_FOLDER]), MERCIES
    for seed in range(_IMAGES // _PORTION):
        yield power.cut(row, life, _PORTION, seed=seed, name=variant.name, mercies=mercies)


def _blocks(variant: Variant, row: Row) -> Trials:
    yield blocks.cut(row, blocks.recorded(variant.name), _PORTION)


def _kill(variant: Variant, row: Row) -> Trials:
    yield kills.kill(row, kills.LIFE, None, name=variant.name)
    every = kills.points([*kills.LIFE, "--broken", variant.name])
    for point in random.Random(_SEED).sample(every, _POINTS):
        yield kills.kill(row, kills.LIFE, point, name=variant.name)


def _rot(variant: Variant, row: Row) -> Trials:
    chance = random.Random(_SEED)
    sound = rot.grown(rot.SMALL, name=variant.name)
    damages = chain([rot.headless], repeat(rot.flipped, _SPOILT))
    for damage in damages:
        yield rot.spoil(row, sound, damage, chance, name=variant.name)


def _refusal(variant: Variant, row: Row) -> Trials:
    for fault in _REFUSALS:
        call, error, when = fault.split(":")
        yield refusals.refuse(row, call, error, when, name=variant.name)


def _sharing(variant: Variant, row: Row) -> Trials:
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder, broken.spool(variant.name):
        row.trials += 1
        row.failures += sharing.second(Path(folder) / "spool", row)
        yield row


_TRIALS: dict[str, Callable[[Variant, Row], Trials]] = {
    "power": _power,
    "blocks": _blocks,
    "kill": _kill,
    "rot": _rot,
    "refusal": _refusal,
    "sharing": _sharing,
}
