"""R04, bit rot: bytes flip, pages turn to zero, files are cut short; all but the damaged batches must survive."""

from __future__ import annotations

import random
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from tests.faults.disk import broken, ledger, ramdisk, strace
from tests.faults.disk.ledger import Ledger
from tests.faults.disk.row import Row
from tests.faults.disk.verdict import Verdict, judge
from tests.faults.disk.workload import AFTER_CUT

MOST_LOST_BEYOND: int | None = None
"""The most batches that one damage may cost beyond those that it hit. None only measures."""

SMALL = ("--silent", "--steps", "12", "--quota", "1000000000")
UNCLOSED = (*SMALL, "--unclosed")
LARGE = ("--silent", "--steps", "300", "--quota", "1000000000")
_CHUNK = 24
_HEADER, _FRAME, _SALT = 32, 24 + 512, range(8, 16)
"""Of SQLite's log: where its frames begin, how long each is, and where in it the salt stands."""

_PAGES = (512, 4096, 16384)

Damage = Callable[[bytearray, random.Random], range]
"""Damages bytes in place and returns which."""


@dataclass(frozen=True)
class Sound:
    """A spool's files, which of them is to rot, and what is in them."""

    files: Mapping[str, bytes]
    target: str
    ledger: Ledger

    @property
    def content(self) -> bytes:
        """The bytes that are to rot."""
        return self.files[self.target]

    @cached_property
    def places(self) -> dict[int, list[range]]:
        """Where in the file pieces of each batch's document lie; a document that is kept otherwise lies nowhere."""
        return {n: list(_pieces(self.content, kept.payload)) for n, kept in self.ledger.due.items()}

    def hit(self, damaged: range) -> int:
        """Return how many batches have a piece in the damaged bytes."""
        return sum(any(_meet(piece, damaged) for piece in pieces) for pieces in self.places.values())


def _pieces(content: bytes, payload: bytes) -> Iterator[range]:
    for at in range(0, len(payload), _CHUNK):
        found = content.find(payload[at : at + _CHUNK])
        if found >= 0:
            yield range(found, found + min(_CHUNK, len(payload) - at))


def _meet(a: range, b: range) -> bool:
    return a.start < b.stop and b.start < a.stop


def flipped(content: bytearray, chance: random.Random) -> range:
    """Flip a bit."""
    return flipped_at(content, chance, at=chance.randrange(len(content)))


def flipped_at(content: bytearray, chance: random.Random, *, at: int) -> range:
    """Flip a bit of one byte."""
    content[at] ^= 1 << chance.randrange(8)
    return range(at, at + 1)


def flipped_in_journal(content: bytearray, chance: random.Random) -> range:
    """Flip a bit of a journal, but not of a frame's salt: that looks as if the frame had never been written."""
    while (at := chance.randrange(len(content))) >= _HEADER and (at - _HEADER) % _FRAME in _SALT:
        pass
    return flipped_at(content, chance, at=at)


def zeroed(content: bytearray, chance: random.Random) -> range:
    """Let a page be zero."""
    size = chance.choice(_PAGES)
    at = chance.randrange(len(content)) // size * size
    end = min(at + size, len(content))
    content[at:end] = bytes(end - at)
    return range(at, end)


def headless(content: bytearray, _: random.Random) -> range:
    """Flip what makes the file a database."""
    content[0] ^= 0xFF
    return range(1)


def truncated(content: bytearray, chance: random.Random) -> range:
    """Cut the file short."""
    whole, at = len(content), chance.randrange(len(content))
    del content[at:]
    return range(at, whole)


def grown(life: tuple[str, ...], *, name: str = "", target: str = "spool") -> Sound:
    """Live a life and return the spool that it leaves."""
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
        path = Path(folder) / "spool"
        more = ("--broken", name) if name else ()
        ran = subprocess.run(strace.live(path, (*life, *more)), capture_output=True, check=True)
        files = {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}
        return Sound(files, target, ledger.read(ran.stdout.splitlines()))


def spoil(row: Row, sound: Sound, damage: Damage, chance: random.Random, *, name: str = "") -> Verdict:
    """Damage a sound spool, open it, and count in what it is worth."""
    content = bytearray(sound.content)
    where = damage(content, chance)
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder, broken.spool(name):
        for file, whole in sound.files.items():
            (Path(folder) / file).write_bytes(content if file == sound.target else whole)
        verdict = judge(Path(folder) / "spool", sound.ledger, AFTER_CUT)
    _count(row, sound, where, verdict)
    return verdict


def _count(row: Row, sound: Sound, where: range, verdict: Verdict) -> None:
    """Count a trial in; what the damage itself hit may be gone, all else is measured against what is allowed."""
    beyond = max(0, verdict.lost_batches - max(1, sound.hit(where)))
    silent = verdict.lost_within + verdict.untold
    if verdict.stopped.startswith("SpoolForeign"):
        row.notes.append(f"byte {where.start}: {verdict.stopped[:60]}")
        verdict = Verdict(committed=verdict.committed, seconds=verdict.seconds)
        beyond = silent = 0
    row.tally["batches lost beyond the damaged ones"] += beyond
    row.tally["trials with such a loss"] += beyond > 0
    row.tally["trials with a loss within that no gap tells"] += silent > 0
    row.tally["trials that lost the newest untold"] += verdict.lost > verdict.lost_within
    is_lossy = MOST_LOST_BEYOND is not None and (beyond > MOST_LOST_BEYOND or silent > 0)
    wrong = _made_up(verdict) or (f"{beyond} batches lost beyond, {silent} readings untold" if is_lossy else "")
    row.take(f"bytes {where.start} to {where.stop}", verdict, wrong=wrong)


def _made_up(verdict: Verdict) -> str:
    """Return what no damage excuses."""
    counts = {"false": verdict.false, "doubled": verdict.doubled, "reused": verdict.reused, "changed": verdict.changed}
    said = [f"{count} {what}" for what, count in counts.items() if count]
    return ", ".join(said + [verdict.stopped] * bool(verdict.stopped))


def rows(*, short: bool) -> Iterator[Row]:
    """Yield what rot found."""
    chance = random.Random(4)
    small = grown(SMALL)
    yield _bit_by_bit(small, 100 if short else len(small.content), chance)
    large = grown(SMALL if short else LARGE)
    for what, damage in (("a bit", flipped), ("a zero page", zeroed), ("cut short", truncated)):
        row = Row(f"R04 {what} of {len(large.content) // 1024} KiB")
        for _ in range(15 if short else 700):
            spoil(row, large, damage, chance)
        yield row
    journal = grown(UNCLOSED, target="spool-wal")
    row = Row(f"R04 a bit of {len(journal.content) // 1024} KiB of journal")
    for _ in range(15 if short else 1_000):
        spoil(row, journal, flipped_in_journal, chance)
    yield row


def _bit_by_bit(sound: Sound, trials: int, chance: random.Random) -> Row:
    """Return what a flipped bit of each byte does, or of so many."""
    row = Row(f"R04 a bit of each byte, {len(sound.content) // 1024} KiB")
    for at in sorted(chance.sample(range(len(sound.content)), trials)):
        spoil(row, sound, partial(flipped_at, at=at), chance)
    row.notes.append(f"{trials} of {len(sound.content)} bytes")
    return row
