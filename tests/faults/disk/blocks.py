"""R03 once more, on a block device: the cut takes what ext4 had not flushed, and ext4 recovers first."""

from __future__ import annotations

import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.disk import device, power, ramdisk, strace
from tests.faults.disk.device import Entry
from tests.faults.disk.disk import MERCIES, SECTOR, Mercy
from tests.faults.disk.ledger import Ledger
from tests.faults.disk.row import Row
from tests.faults.disk.verdict import judge

_SEED = 3


@dataclass(frozen=True, slots=True)
class Recorded:
    """An empty file system, all that a life wrote to its device, and how long the log was when a line was said."""

    start: bytes
    entries: list[Entry]
    said: list[tuple[int, bytes]]

    def cuts(self, images: int, chance: random.Random) -> list[int]:
        """Return before which entries to cut, in order: two in three beside a flush."""
        flushes = [at + side for at, entry in enumerate(self.entries) if entry.is_flush for side in (0, 1)]
        anywhere = range(len(self.entries) + 1)
        return sorted(chance.choice(flushes if n % 3 else anywhere) for n in range(images))


def recorded(name: str = "") -> Recorded:
    """Live a life, broken by name if need be, on a device that is logged; raises OSError where there can be none."""
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
        image, log = Path(folder) / "image", Path(folder) / "log"
        device.formatted(image)
        start = image.read_bytes()
        with device.logged(image, log) as shown, device.mounted(shown) as at:
            said = list(_lived(at / "spool", log, name))
        return Recorded(start, device.entries(log), said)


def _lived(path: Path, log: Path, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield each line with the length of the log when it was said; the life waits until that is noted."""
    command = strace.live(path, [*power.SHORT_LIFE, "--heeded", "--broken", name])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as life:
        assert life.stdin is not None
        assert life.stdout is not None
        for line in life.stdout:
            yield log.stat().st_size, line
            life.stdin.write(b"+")
            life.stdin.flush()
    if life.returncode:
        raise RuntimeError(f"the life ended with {life.returncode}")


def cut(row: Row, life: Recorded, images: int) -> Row:
    """Make images of the device as a cut leaves them, mount each, open its spool, and count it in."""
    chance = random.Random(_SEED)
    wanted = Counter(life.cuts(images, chance))
    flushed, pending, ledger, said = bytearray(life.start), list[Entry](), Ledger(), list(life.said)
    for at in range(len(life.entries) + 1):
        heard = life.entries[at - 1].ends if at else 0
        while said and said[0][0] <= heard:
            ledger.take_line(said.pop(0)[1])
        for _ in range(wanted[at]):
            mercy = chance.choice(MERCIES)
            image = _after_cut(flushed, pending, mercy, chance)
            _open_image(row, image, ledger, f"cut before entry {at} of {len(life.entries)}, {mercy}")
        if at < len(life.entries):
            _take(life.entries[at], flushed, pending)
    return row


def _take(entry: Entry, flushed: bytearray, pending: list[Entry]) -> None:
    if not entry.is_flush:
        pending.append(entry)
        return
    for written in pending:
        flushed[written.at : written.at + len(written.data)] = written.data
    pending.clear()


def _after_cut(flushed: bytearray, pending: list[Entry], mercy: Mercy, chance: random.Random) -> bytearray:
    image = bytearray(flushed)
    for entry in pending:
        if chance.random() >= mercy.writes:
            continue
        for at in range(0, len(entry.data), SECTOR):
            if mercy.sectors == 1 or chance.random() < mercy.sectors:
                image[entry.at + at : entry.at + at + SECTOR] = entry.data[at : at + SECTOR]
    return image


def _open_image(row: Row, content: bytearray, ledger: Ledger, where: str) -> None:
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
        image = Path(folder) / "image"
        image.write_bytes(content)
        try:
            with device.mounted(image) as at:
                row.take(where, judge(at / "spool", ledger))
        except OSError as error:
            row.failures.append(f"{where}: {error}")


def rows(*, short: bool) -> Iterator[Row]:
    """Yield what power cuts of a block device found."""
    row = Row("R03 power cuts of a device with ext4")
    row.skipped = device.missing()
    if row.skipped:
        yield row
        return
    try:
        life = recorded()
    except OSError as error:
        row.skipped = f"no logged device can be had: {error}"
        yield row
        return
    flushes = sum(entry.is_flush for entry in life.entries)
    row.notes.append(f"{len(life.entries)} entries, {flushes} of them flushes")
    yield cut(row, life, 10 if short else 300)
