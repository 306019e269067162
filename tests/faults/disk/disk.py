"""A disk that may lose power: what was synced is there, of the rest any sectors, lengths and names.

Per file the page cache and the platter are kept apart. At a cut each sector written since the file's last sync has any
of its versions since then; a length may have changed without its data and data without its length; a name that was
made, removed or changed since the folder's last sync may or may not be there. After a sync that failed the cache
counts as clean, as in Linux: what the platter did not take then is not written again by a later sync.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.faults.disk.writelog import Deed, Kind

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Mercy:
    """How much of what was not synced the cut leaves: shares of writes, of their sectors, of names, of lengths."""

    writes: float
    sectors: float = 1.0
    names: float = 0.5
    lengths: float = 0.5


Mercies = Sequence[Mercy]
MERCIES: Mercies = (
    Mercy(0, names=0),
    Mercy(0, names=1, lengths=1),
    Mercy(1, names=1),
    Mercy(1, names=0),
    Mercy(0.5),
    Mercy(0.9),
    Mercy(0.1, lengths=1),
    Mercy(1, sectors=0.5),
    Mercy(0.7, sectors=0.8),
    Mercy(0.5, sectors=0.1),
)
NAMES_KEPT: Mercies = [replace(mercy, names=1) for mercy in MERCIES]


@dataclass(slots=True)
class File:
    """One file: its platter, its cache as of the last sync, and what was done since."""

    platter: bytearray = field(default_factory=bytearray)
    cache: bytearray = field(default_factory=bytearray)
    pending: list[Deed] = field(default_factory=list)

    def synced(self, mercy: Mercy, chance: random.Random) -> None:
        """Write what is pending, all of it if the mercy is whole."""
        self.platter = self.after_cut(mercy, chance)
        for deed in self.pending:
            _apply(self.cache, deed)
        self.pending.clear()

    def after_cut(self, mercy: Mercy, chance: random.Random) -> bytearray:
        """Return what the platter may hold if the power goes now."""
        platter, cache = bytearray(self.platter), bytearray(self.cache) if self.pending else bytearray()
        for deed in self.pending:
            _apply(cache, deed)
            if deed.kind is Kind.LENGTH:
                if chance.random() < mercy.writes:
                    _resize(platter, deed.at)
                continue
            if chance.random() < mercy.writes:
                _copy_sectors(platter, cache, deed, mercy, chance)
            elif chance.random() < mercy.lengths and len(cache) > len(platter):
                _resize(platter, len(cache))
        return platter


def _apply(content: bytearray, deed: Deed) -> None:
    if deed.kind is Kind.LENGTH:
        _resize(content, deed.at)
        return
    end = deed.at + len(deed.data)
    if len(content) < end:
        _resize(content, end)
    content[deed.at : end] = deed.data


def _resize(content: bytearray, size: int) -> None:
    if size < len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))


def _copy_sectors(platter: bytearray, cache: bytearray, deed: Deed, mercy: Mercy, chance: random.Random) -> None:
    """Write the sectors that a deed touched as the cache has them now, all or some of them."""
    first, end = deed.at // SECTOR * SECTOR, deed.at + len(deed.data)
    for at in range(first, end, SECTOR):
        if mercy.sectors < 1 and chance.random() >= mercy.sectors:
            continue
        upto = min(at + SECTOR, len(cache))
        if len(platter) < upto:
            _resize(platter, upto)
        platter[at:upto] = cache[at:upto]


_WHOLE = Mercy(1)


class Disk:
    """Takes deeds in and tells what is there after a cut."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._now: dict[str, File] = {}
        self._safe: dict[str, File] = {}
        self._named: list[tuple[Deed, File | None]] = []

    def take(self, deed: Deed) -> None:
        """Do what was done."""
        match deed.kind:
            case Kind.WRITE | Kind.LENGTH:
                self._now[deed.name].pending.append(deed)
            case Kind.SYNC:
                self._now[deed.name].synced(_WHOLE, self.chance)
            case Kind.SYNC_FAILED:
                self._now[deed.name].synced(self.chance.choice(MERCIES), self.chance)
            case Kind.SYNC_FOLDER:
                self._safe = dict(self._now)
                self._named.clear()
            case Kind.CREATE if deed.name not in self._now:
                self._note(deed, File())
            case Kind.REMOVE | Kind.RENAME:
                self._note(deed, None)

    def _note(self, deed: Deed, file: File | None) -> None:
        self._named.append((deed, file))
        _name(self._now, deed, file)

    def after_cut(self, mercy: Mercy) -> Mapping[str, bytes]:
        """Return the files that may be there if the power goes now."""
        names = dict(self._safe)
        for deed, file in self._named:
            if self.chance.random() < mercy.names:
                _name(names, deed, file)
        return {name: bytes(file.after_cut(mercy, self.chance)) for name, file in names.items()}


def _name(names: dict[str, File], deed: Deed, file: File | None) -> None:
    """Change what a folder names; a change of a name that is not there is none."""
    if deed.kind is Kind.CREATE and file is not None:
        names[deed.name] = file
    elif deed.name in names:
        moved = names.pop(deed.name)
        if deed.kind is Kind.RENAME:
            names[deed.to] = moved
