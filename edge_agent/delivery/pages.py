"""The pages of an SQLite file and its write-ahead log, read without SQLite, which gives up where a tree is damaged.

Formats: https://www.sqlite.org/fileformat2.html, sections 1.5 (cells and overflow), 2.1 (varints) and 4.1 (the log).
"""

from __future__ import annotations

import contextlib
import os
import struct
import weakref
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import SpoolDamaged

_DATABASE_HEADER, _WAL_HEADER, _FRAME_HEADER = 100, 32, 24
_IN_LOG = 1 << 31
"""The ordinal of the log's first page, beyond any page of the file."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A page in the log: its number, where its bytes begin, and whether it ends a transaction."""

    page: int
    begin: int
    ends: bool


class _File:
    """A file read piece by piece: mapped into memory, a bad block would end the process."""

    def __init__(self, path: Path) -> None:
        self._descriptor = -1
        self.size = 0
        with contextlib.suppress(OSError):
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._descriptor)
            self.size = os.fstat(self._descriptor).st_size

    def read(self, begin: int, size: int) -> bytes:
        """Return some bytes, fewer at the end, none where the disk refuses."""
        with contextlib.suppress(OSError):
            return os.pread(self._descriptor, size, begin)
        return b""


class Pages:
    """The pages of the file and of its log, whose newer versions take their place."""

    def __init__(self, path: Path, page_size: int) -> None:
        """Open the files; either may be missing or empty."""
        self._size = page_size
        self._file, self._wal = _File(path), _File(_log_of(path))
        self._log = _committed(self._wal, page_size)
        self._versions: defaultdict[int, list[int]] = defaultdict(list)
        for place, frame in enumerate(self._log):
            self._versions[frame.page].append(place)

    def ordinals(self) -> Iterator[int]:
        """Yield a number for every page that can be read, the file's before the log's."""
        yield from range(-(-self._file.size // self._size))
        yield from self.ordinals_of_log(0)

    def ordinals_of_log(self, begin: int) -> range:
        """Return the numbers of the log's pages from a frame on."""
        return range(_IN_LOG + begin, _IN_LOG + len(self._log))

    def at(self, ordinal: int) -> bytes:
        """Return a page by its ordinal."""
        if ordinal >= _IN_LOG:
            return self._wal.read(self._log[ordinal - _IN_LOG].begin, self._size)
        return self._file.read(ordinal * self._size, self._size)

    def moments(self, ordinal: int) -> tuple[int, int]:
        """Return when a page's neighbours may be looked at: when its own transaction ended, and now.

        What a page of the file points to is in the file; a checkpoint that was cut short left it in the log.
        """
        now = len(self._log)
        if ordinal < _IN_LOG:
            return 0, now
        ends = (place + 1 for place in range(ordinal - _IN_LOG, now) if self._log[place].ends)
        return next(ends, now), now

    def page(self, number: int, moment: int) -> bytes:
        """Return a page by its number, which counts from 1, as it was at a moment; empty where it is not."""
        versions = self._versions.get(number, [])
        place = bisect_left(versions, moment) - 1
        if place >= 0:
            return self.at(_IN_LOG + versions[place])
        return self.at(number - 1) if 0 < number <= self._file.size // self._size else b""


def log(path: Path, page_size: int) -> list[Frame]:
    """Return the frames of a file's log up to the last that ends a transaction, whether SQLite believes them or not."""
    return _committed(_File(_log_of(path)), page_size)


def is_without_holes(frames: Sequence[Frame], page_size: int) -> bool:
    """Tell whether some first frames of a log lie one after the other: a power cut leaves holes, rot does not."""
    step = _FRAME_HEADER + page_size
    return not frames or frames[-1].begin == _WAL_HEADER + len(frames) * step - page_size


def check_header(path: Path) -> None:
    """Raise SpoolDamaged for a format version by which SQLite would take the file for read-only, for ever."""
    header = _File(path).read(0, _DATABASE_HEADER)
    if len(header) == _DATABASE_HEADER and not set(header[18:20]) <= {1, 2}:
        raise SpoolDamaged("its header names a format that does not exist")


def _committed(wal: _File, page_size: int) -> list[Frame]:
    found = list(_frames(wal, page_size))
    while found and not found[-1].ends:
        found.pop()
    return found


def _frames(wal: _File, page_size: int) -> Iterator[Frame]:
    """Yield the frames of the log's present life, which all carry its salt."""
    salt = _salt(wal)
    step = _FRAME_HEADER + page_size
    for begin in range(_WAL_HEADER, wal.size - step + 1, step):
        header = wal.read(begin, _FRAME_HEADER)
        if len(header) == _FRAME_HEADER and header[8:16] == salt:
            page, pages_after = struct.unpack_from(">II", header)
            yield Frame(page, begin + _FRAME_HEADER, pages_after > 0)


def _salt(wal: _File) -> bytes:
    """Return the salt in the log's header or, where that is damaged, in its first frame."""
    header = wal.read(0, _WAL_HEADER)
    if len(header) == _WAL_HEADER:
        order = ">" if header[3] & 1 else "<"
        one = two = 0
        for first, second in struct.iter_unpack(f"{order}II", header[:24]):
            one = (one + first + two) & 0xFFFFFFFF
            two = (two + second + one) & 0xFFFFFFFF
        if struct.pack(">II", one, two) == header[24:]:
            return header[16:24]
    return wal.read(_WAL_HEADER + 8, 8)


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that is written at a place, and the place after it; raises IndexError at the end."""
    value = 0
    for length in range(1, 10):
        byte = data[at + length - 1]
        if length == 9:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, at + length


def local_size(payload: int, page_size: int) -> int:
    """Return how many of a table cell's payload bytes lie in its leaf; the rest is in overflow pages."""
    most, least = page_size - 35, (page_size - 12) * 32 // 255 - 23
    if payload <= most:
        return payload
    fitting = least + (payload - least) % (page_size - 4)
    return fitting if fitting <= most else least
