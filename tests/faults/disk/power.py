"""R03, power cuts: a life's writes are replayed up to a cut; what was not synced is kept, lost or torn."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.disk import broken, ramdisk, strace, writelog
from tests.faults.disk.disk import MERCIES, Disk, Mercies, Mercy
from tests.faults.disk.ledger import Ledger
from tests.faults.disk.row import Row
from tests.faults.disk.verdict import judge
from tests.faults.disk.writelog import Deed, Kind

SHORT_LIFE = ("--steps", "30", "--frames", "100", "--quota", "12000")
LONG_LIFE = ("--steps", "150", "--frames", "600")
_LIVES = ("short life", SHORT_LIFE), ("long life", LONG_LIFE), ("checkpoints as shipped", ("--steps", "240"))


@dataclass(frozen=True, slots=True)
class Recorded:
    """The deeds of a life."""

    deeds: list[Deed]

    @property
    def syncs(self) -> list[int]:
        """Where something was made durable, or should have been."""
        kinds = (Kind.SYNC, Kind.SYNC_FAILED, Kind.SYNC_FOLDER)
        return [at for at, deed in enumerate(self.deeds) if deed.kind in kinds]

    def cuts(self, images: int, chance: random.Random) -> Counter[int]:
        """Return how many images to make before each deed: around every sync in turn, the rest anywhere."""
        around = [at for sync in self.syncs for at in (sync, sync + 1)]
        chance.shuffle(around)
        chosen = around[: images * 2 // 3]
        return Counter(chosen + [chance.randrange(len(self.deeds) + 1) for _ in range(images - len(chosen))])


def recorded(life: Sequence[str], inject: Sequence[str] = ()) -> Recorded:
    """Live a life and return its deeds; raises RuntimeError where it did not end well."""
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
        path = Path(folder) / "spool"
        ran = strace.run(path, life, whole=True, inject=inject)
        if ran.status:
            raise RuntimeError(ran.errors)
        return Recorded(writelog.deeds(ran.trace, path.parent))


def cut(row: Row, life: Recorded, images: int, *, seed: int, name: str = "", mercies: Mercies = MERCIES) -> Row:
    """Make crash images of a life, open each with the real spool, broken by name if need be, and count them in."""
    chance = random.Random(seed)
    wanted = life.cuts(images, chance)
    ledger, disk = Ledger(), Disk(chance)
    with broken.spool(name):
        for at, deed in enumerate([*life.deeds, Deed(Kind.SAY)]):
            for _ in range(wanted[at]):
                where = f"cut before {at} of {len(life.deeds)}, seed {seed}"
                _open_image(row, disk, ledger, chance.choice(mercies), where)
            if deed.kind is not Kind.SAY:
                disk.take(deed)
            elif deed.data:
                ledger.take_line(deed.data)
    return row


def _open_image(row: Row, disk: Disk, ledger: Ledger, mercy: Mercy, where: str) -> None:
    with tempfile.TemporaryDirectory(dir=ramdisk.FOLDER) as folder:
        for name, content in disk.after_cut(mercy).items():
            (Path(folder) / name).write_bytes(content)
        verdict = judge(Path(folder) / "spool", ledger)
    row.take(f"{where}, {mercy}", verdict)


def rows(images: int, *, short: bool) -> Iterator[Row]:
    """Yield what power cuts found."""
    if why := strace.missing():
        yield Row("R03 power cuts", skipped=why)
        return
    lives = _LIVES[:1] if short else _LIVES
    for seed, (what, life) in enumerate(lives):
        deeds = recorded(life)
        row = Row(f"R03 power cuts, {what}", notes=[f"{len(deeds.deeds)} deeds, {len(deeds.syncs)} syncs"])
        yield cut(row, deeds, images // len(lives), seed=seed)
    yield failed_syncs(images // 10, short=short)


def failed_syncs(images: int, *, short: bool) -> Row:
    """Return what cuts found in lives in which a sync failed, which Linux then takes for done."""
    row = Row("R06+R03 a sync failed, then a power cut")
    every = (7, 20) if short else (3, 7, 12, 20, 29, 37, 44, 50)
    for when in every:
        life = recorded(SHORT_LIFE, [f"fdatasync:error=EIO:when={when}"])
        cut(row, life, images // len(every), seed=when)
    return row
